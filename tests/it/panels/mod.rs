//! Beside a panel, as docs/panels.md tells it: the built radkick with its own rights, a real FreeRADIUS, on every database.
mod attributes;
mod closed_rows;
pub(crate) mod database;
mod laravel;
mod modes;
mod rewriting;
pub(crate) mod site;

/// Each of these functions is a test on each of the three databases.
macro_rules! on_each {
    ($($name:ident),+ $(,)?) => {
        mod sqlite { $( #[test] fn $name() { super::$name(crate::panels::database::Engine::Sqlite); } )+ }
        mod postgres { $( #[test] fn $name() { super::$name(crate::panels::database::Engine::Postgres); } )+ }
        mod mariadb { $( #[test] fn $name() { super::$name(crate::panels::database::Engine::Mariadb); } )+ }
    };
}
use on_each;
