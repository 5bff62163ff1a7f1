//! The names that radacct's collation takes for one.
//!
//! It knows no case, as a rule, and no accents: FreeRADIUS, which asks by it, lets `jose` in as `JOSÉ` too, and writes down
//! the use of both. What counts one user's octets has to see one user. Not seen are letters whose mark is a character of its
//! own, where the collation tells accents apart.
//!
//! For ASCII the collation's name says enough. For other characters the server is asked, once, when the first such name comes
//! by: it takes the server some ten milliseconds.

use std::collections::BTreeMap;

use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, Executor as _};

use crate::quota::UserName;
use crate::store::StoreError;

use super::Mariadb;
use super::catalogue::Collation;

/// The characters that are looked at: all that Unicode has in more than one case or form, those that count for nothing, and
/// one for all beyond the first plane, which to older collations are all the same.
const RANGES: [(u32, u32); 7] = [
    (0x80, 0x33ff),
    (0xa640, 0xabff),
    (0xf900, 0xfffd),
    (0x1_0400, 0x1_044f),
    (0x1_d400, 0x1_d7ff),
    (0x1_f100, 0x1_f1ff),
    (BEYOND, BEYOND),
];
const BEYOND: u32 = 0x1_f600;

/// Behind these there are no letters that are two.
const LETTERS: u32 = 0x2500;

/// The ASCII that stands in the tables: what FreeRADIUS does not escape, and what its escapes are made of.
const ASCII: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@.-_: /=";

/// What becomes of characters so that names which are one to the server are one.
#[derive(Debug, Default)]
pub(super) struct Folding {
    /// Those that change.
    characters: BTreeMap<char, String>,
    /// What all beyond the first plane are, where the collation does not tell them apart.
    beyond: Option<char>,
}

impl Mariadb {
    /// The one name of all that are one to radacct.
    pub(in super::super) fn ledger_name(&self, user: &UserName) -> UserName {
        let Some(kept) = &self.catalogue.names else { return user.clone() };
        if is_folded(kept, user) {
            return user.clone();
        }
        // What the server compares is the spelling of the tables
        let spelling = user.to_table();
        let folded = match self.folding.get() {
            Some(folding) if !spelling.is_ascii() => folding.fold(&spelling),
            _ => spelling,
        };
        let folded = if kept.ignores_case { folded.to_ascii_lowercase() } else { folded };
        UserName::from_table(if kept.pads { folded.trim_end_matches(' ') } else { &folded })
    }

    /// Makes sure that [`Mariadb::ledger_name`] knows what to make of these names.
    pub(super) async fn learn<'a>(&self, names: impl IntoIterator<Item = &'a UserName>) -> Result<(), StoreError> {
        let failed = |error| self.failed("asking which names are one", error);
        if self.folding.initialized() || names.into_iter().all(|name| name.as_str().is_ascii()) {
            return Ok(());
        }
        let kept = self.catalogue.names.as_ref();
        let learned = self.folding.get_or_try_init(|| {
            Box::pin(async {
                // Thrown away, for it is set up for this alone
                let mut connection = self.pool.acquire().await?.detach();
                Folding::read(&mut connection, kept).await
            })
        });
        Box::pin(learned).await.map(|_| ()).map_err(failed)
    }
}

/// Whether the name is one that stands for itself whatever else weighs the same, as most do.
fn is_folded(kept: &Collation, user: &UserName) -> bool {
    let name = user.as_str();
    let changes = kept.ignores_case && name.bytes().any(|octet| octet.is_ascii_uppercase());
    user.is_plain() && !changes && !(kept.pads && name.ends_with(' '))
}

impl Folding {
    /// Of a column that is kept so; no column of text folds nothing.
    async fn read(connection: &mut MySqlConnection, kept: Option<&Collation>) -> Result<Self, sqlx::Error> {
        let mut folding = Self::default();
        let Some(kept) = kept.filter(|kept| !kept.name.ends_with("bin")) else { return Ok(folding) };
        // Else MySQL cuts long lists short
        connection.execute("SET SESSION group_concat_max_len = 1000000").await?;
        let query = sqlx::query_as(AssertSqlSafe(statement(kept))).persistent(false);
        let rows: Vec<(String, String)> = query.fetch_all(connection).await?;
        let classes: Vec<Class> = rows.iter().filter_map(|(weight, points)| Class::new(weight, points)).collect();
        let ascii = classes.iter().filter(|class| class.first.is_ascii() && !class.weight.is_empty());
        let ascii: BTreeMap<&str, char> = ascii.map(|class| (class.weight, class.first)).collect();
        for class in &classes {
            let folded = letters(class.weight, &ascii).unwrap_or_else(|| class.first.to_string());
            folding.characters.extend(class.characters.iter().map(|character| (*character, folded.clone())));
            let beyond = class.characters.len() > 1 && class.characters.iter().any(|c| u32::from(*c) == BEYOND);
            folding.beyond = folding.beyond.or(beyond.then_some(class.first));
        }
        Ok(folding)
    }

    fn fold(&self, spelling: &str) -> String {
        let mut folded = String::new();
        for character in spelling.chars() {
            let character = self.beyond.filter(|_| u32::from(character) > 0xffff).unwrap_or(character);
            match self.characters.get(&character) {
                Some(text) => folded.push_str(text),
                None => folded.push(character),
            }
        }
        folded
    }
}

/// Characters that weigh the same.
struct Class<'a> {
    /// In hexadecimal digits.
    weight: &'a str,
    characters: Vec<char>,
    /// The one that stands for all: of ASCII if there is one, and a small letter.
    first: char,
}

impl<'a> Class<'a> {
    fn new(weight: &'a str, points: &str) -> Option<Self> {
        let points = points.split(',').filter_map(|point| point.parse().ok());
        let characters: Vec<char> = points.filter_map(char::from_u32).collect();
        let first = characters.iter().min_by_key(|c| (!c.is_ascii(), !c.is_lowercase(), **c));
        first.copied().map(|first| Self { weight, characters, first })
    }
}

/// The ASCII letters that together weigh so much, if it is not one alone: `ss` for `ß`, none for what weighs nothing.
fn letters(weight: &str, ascii: &BTreeMap<&str, char>) -> Option<String> {
    let (mut rest, mut found) = (weight, String::new());
    while !rest.is_empty() {
        let (piece, letter) = ascii.iter().find(|(piece, _)| rest.starts_with(**piece))?;
        found.push(*letter);
        rest = rest.strip_prefix(piece)?;
    }
    (found.len() != 1).then_some(found)
}

/// The characters by weight: where several weigh the same, where one is ASCII, and where a letter weighs something else than
/// one character does.
fn statement(kept: &Collation) -> String {
    let Collation { charset, name: collation, .. } = kept;
    let kept = format!("CONVERT(CHAR(n USING utf32) USING {charset})");
    let mut within: Vec<String> = RANGES.iter().map(|(from, to)| format!("n BETWEEN {from} AND {to}")).collect();
    within.extend(ASCII.chars().map(|c| format!("n = {}", u32::from(c))));
    let mut pages: Vec<u32> = RANGES.iter().flat_map(|(from, to)| from >> 12..=to >> 12).chain([0]).collect();
    pages.sort_unstable();
    pages.dedup();
    let digits: Vec<u32> = (0..16).collect();
    // What the character set does not have becomes a question mark
    format!(
        "WITH digits AS ({digits}),
           points AS (SELECT p.n * 4096 + a.n * 256 + b.n * 16 + c.n AS n FROM ({pages}) p, digits a, digits b, digits c)
         SELECT CONVERT(HEX(weight) USING utf8mb4), CONVERT(characters USING utf8mb4) FROM
           (SELECT WEIGHT_STRING({kept} COLLATE {collation}) AS weight, GROUP_CONCAT(n) AS characters, count(*) AS many,
              min(n) AS first FROM points WHERE ({within}) AND {kept} <> '?' GROUP BY weight) AS classes
         WHERE many > 1 OR first < 128
           OR first < {LETTERS} AND length(weight) <> length(WEIGHT_STRING(CONVERT('a' USING {charset}) COLLATE {collation}))",
        digits = numbers(&digits),
        pages = numbers(&pages),
        within = within.join(" OR "),
    )
}

fn numbers(numbers: &[u32]) -> String {
    numbers.iter().map(|n| format!("SELECT {n} AS n")).collect::<Vec<_>>().join(" UNION ALL ")
}
