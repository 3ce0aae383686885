//! What holds for the whole site: the frame around every request.

mod commands;
mod demo;
mod serving;
mod access;
mod session;
