//! The API for backends and their clients, `/api/v2/`.

use rocket::{Route, routes};

pub fn routes() -> Vec<Route> {
    routes![]
}
