//! Keeping what this process holds out of reach.

/// Leaves no core dump, and on Linux lets no program of the same user look into this process (`/proc/PID/environ`,
/// `/proc/PID/mem`, a debugger): tokens are in its environment and in its memory, and children could read them there.
/// Where the system refuses, the run continues as before. The super-user sees everything anyway.
pub fn seal() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        // The hard limit stays, so that a child can have dumps of its own.
        let maximum = getrlimit(Resource::Core).maximum;
        let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum });
    }
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}
