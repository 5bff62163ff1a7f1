//! One source file, as the architecture tests look at it.
use super::rust_source::{Token, tokens};

/// A file of src/, its path below the repository.
pub(crate) struct Source<'a> {
    pub(crate) path: &'a str,
    pub(crate) tokens: Vec<Token<'a>>,
    /// Without the trailing tests.
    pub(crate) lines: usize,
}

impl<'a> Source<'a> {
    /// Reads it and cuts its trailing tests off.
    pub(crate) fn new(path: &'a str, text: &'a str) -> Self {
        let mut tokens = tokens(text);
        let cut = trailing_tests(&tokens);
        let lines = cut.map_or(text.lines().count(), |at| tokens[at].line - 1);
        tokens.truncate(cut.unwrap_or(tokens.len()));
        Self { path, tokens, lines }
    }

    /// Its place in the tree: src/store/sqlite.rs is `["store", "sqlite"]`.
    pub(crate) fn module(&self) -> Vec<&'a str> {
        let inner = self.path.trim_start_matches("src/").trim_end_matches(".rs").trim_end_matches("/mod");
        inner.split('/').collect()
    }

    /// `file:line: what`.
    pub(crate) fn complaint(&self, line: usize, what: &str) -> String {
        format!("{}:{line}: {what}", self.path)
    }

    /// The token at `at`, empty beyond the end.
    pub(crate) fn text(&self, at: usize) -> &'a str {
        self.tokens.get(at).map_or("", |token| token.text)
    }

    /// Whether the item whose `fn` stands at `at` expects clippy's `too_many_lines`, which it may with a reason.
    pub(crate) fn is_excused(&self, at: usize) -> bool {
        let mut before = self.tokens[..at].iter().rev().take_while(|token| !["{", "}", ";"].contains(&token.text));
        before.any(|token| token.text == "too_many_lines")
    }

    /// The lines between a body's braces that hold code; `None` for a function without a body.
    pub(crate) fn body_lines(&self, at: usize) -> Option<usize> {
        let open = at + self.tokens[at..].iter().position(|token| ["{", ";"].contains(&token.text))?;
        let mut depth = 0_usize;
        let mut lines = Vec::new();
        for token in &self.tokens[open..] {
            depth = match token.text {
                "{" => depth + 1,
                "}" => depth - 1,
                _ => depth,
            };
            if depth == 0 {
                lines.retain(|line| *line > self.tokens[open].line && *line < token.line);
                lines.dedup();
                return (self.text(open) == "{").then_some(lines.len());
            }
            lines.extend(token.line..=token.last_line);
        }
        None
    }
}

/// Where the inline test module begins, if there is one.
fn trailing_tests(tokens: &[Token<'_>]) -> Option<usize> {
    const CFG_TEST: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let is_cfg = |window: &[Token<'_>]| window.iter().map(|token| token.text).eq(CFG_TEST);
    let begins = |at: &usize| {
        let after = &tokens[at + CFG_TEST.len()..];
        let item = after.iter().position(|token| ["mod", "fn", "use", "impl", "struct", ";"].contains(&token.text));
        item.is_some_and(|item| after[item].text == "mod" && after.get(item + 2).is_some_and(|open| open.text == "{"))
    };
    tokens.windows(CFG_TEST.len()).enumerate().filter(|(_, w)| is_cfg(w)).map(|(at, _)| at).find(begins)
}
