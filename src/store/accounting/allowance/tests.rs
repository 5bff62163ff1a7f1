//! Where a statement ends, in each dialect's own quotes and comments.

use super::{Dialect, one_select};

const ALL: [Dialect; 3] = [Dialect::Mariadb, Dialect::Postgres, Dialect::Sqlite];

#[test]
fn a_statement_ends_at_its_semicolon() {
    for (text, statement) in [
        ("SELECT 1", "SELECT 1"),
        (" select 1 ; \n", " select 1 "),
        (
            "/* a; */ -- b;\n(SELECT ';' || '''; ' || \"a;\"\"b\");;",
            "/* a; */ -- b;\n(SELECT ';' || '''; ' || \"a;\"\"b\")",
        ),
        ("WITH x AS (SELECT 1) SELECT 2; -- c;", "WITH x AS (SELECT 1) SELECT 2"),
        ("SELECT 1 -- c", "SELECT 1 -- c"),
    ] {
        for dialect in ALL {
            assert_eq!(one_select(text, dialect), Ok(statement), "{dialect:?}");
        }
    }
}

#[test]
fn quotes_and_comments_are_the_dialects() {
    let several = || Err("it is more than one statement".to_owned());
    for (text, mariadb, postgres, sqlite) in [
        ("SELECT '\\'; x'", Ok(()), several(), several()),
        ("SELECT E'\\'; x'", Ok(()), Ok(()), several()),
        ("SELECT date'\\'; x'", Ok(()), several(), several()),
        ("SELECT \"\\\"; x\"", Ok(()), several(), several()),
        ("SELECT `; x`", Ok(()), several(), Ok(())),
        ("SELECT [; x]", several(), several(), Ok(())),
        ("SELECT $$; x$$", several(), Ok(()), several()),
        ("SELECT $a$; $$; x$a$", several(), Ok(()), several()),
        ("SELECT a$$; x$$", several(), several(), several()),
        ("SELECT 1 /* /* */ ; x */", several(), Ok(()), several()),
        ("SELECT 1 # ; x", Ok(()), several(), several()),
        ("SELECT 1 --2; x", several(), Ok(()), Ok(())),
        ("SELECT 1 --\t; x", Ok(()), Ok(()), Ok(())),
    ] {
        for (dialect, wanted) in ALL.into_iter().zip([mariadb, postgres, sqlite]) {
            // What is no quote to a dialect may leave another one open
            let found = one_select(text, dialect).map(|_| ());
            assert!(found == wanted || (found.is_err() && wanted.is_err()), "{text} {dialect:?} {found:?}");
        }
    }
}

#[test]
fn what_is_wrong_is_told() {
    for (text, words) in [
        ("", "it is empty"),
        (" ;-- x\n /* y */", "it is empty"),
        ("(((", "it is empty"),
        ("VALUES (1)", "it is no SELECT"),
        ("selected", "it is no SELECT"),
        ("EXPLAIN SELECT 1", "it is no SELECT"),
        ("SELECT 1; SELECT 2", "it is more than one statement"),
        ("; SELECT 1", "it is more than one statement"),
        ("SELECT 'é", "it has a quote ' that does not end"),
        ("SELECT \"", "it has a quote \" that does not end"),
        ("SELECT 1 /* é", "it has a comment that does not end"),
    ] {
        for dialect in ALL {
            assert_eq!(one_select(text, dialect), Err(words.to_owned()), "{text} {dialect:?}");
        }
    }
}
