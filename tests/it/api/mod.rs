//! The API for backends and their clients.
