//! The generator of test data, held against the databases that it fills, by their own clients.
#[path = "../../population/mod.rs"]
pub(crate) mod generator;

mod edges;
mod rows;
pub(crate) mod server;
mod steps;
mod sums;

use generator::truth::UserTruth;
use generator::{Database, Plan, Population};
use server::Server;

/// A population of the default size, with odd rows.
fn faulty() -> Plan {
    Plan { faults: true, ..Plan::default() }
}

async fn write(plan: &Plan, server: &Server) -> (Population, Database) {
    let mut database = Database::connect(&server.url()).await.expect("the server");
    let population = Box::pin(Population::write(plan, &mut database)).await.expect("a population");
    (population, database)
}

async fn truth(plan: &Plan) -> Vec<UserTruth> {
    write(plan, &Server::sqlite()).await.0.truth().collect()
}
