//! What holds for the whole site: the frame around every request.

mod commands;
mod serving;
mod session;
