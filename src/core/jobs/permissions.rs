//! What data and tools a project may use, as information governance granted it.

/// A grant that rules of this program ask for by name; datasets are granted by their own names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataPermission {
    /// The records of patients who opted out under type 1.
    T1oo,
    /// Run cohort-extractor.
    Cohortextractor,
    /// Run SQL Runner.
    Sqlrunner,
}

impl DataPermission {
    pub const fn kind(self) -> &'static str {
        match self {
            DataPermission::T1oo => "t1oo",
            DataPermission::Cohortextractor => "cohortextractor",
            DataPermission::Sqlrunner => "sqlrunner",
        }
    }
}

/// The database that a polling runner is told to use: these two names are all it accepts.
pub const fn database_name(may_see_t1oo: bool) -> &'static str {
    if may_see_t1oo { "include_t1oo" } else { "default" }
}
