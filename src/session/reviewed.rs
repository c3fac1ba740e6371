//! Plans that people have reviewed, read from the files that `plan --out` wrote.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use igsync_base::files::named;
use igsync_base::text::quoted;
use igsync_model::plan::{PlanFile, Reviewed, Unreadable};

use super::failure::Failure;
use super::ports::Ports;
use crate::exit::Exit;

/// In bytes; one of 100,000 posts has 60 MB.
const LARGEST: u64 = 256 << 20;

/// What any of the files has; `None`: there are none, and everything is done.
pub(crate) fn read(files: &[PathBuf], ports: &Ports) -> Result<Option<Arc<Reviewed>>, Failure> {
    let plans = files.iter().map(|file| read_one(file, ports)).collect::<Result<Vec<_>, _>>()?;
    Ok((!plans.is_empty()).then(|| Arc::new(Reviewed::new(plans))))
}

fn read_one(file: &Path, ports: &Ports) -> Result<PlanFile, Failure> {
    let shown = file.display().to_string();
    let write = format!("write one with `igsync plan --out {}`, and review it", quoted(&shown));
    let bytes = ports
        .disk
        .read(&named(&*ports.disk, file), LARGEST)
        .map_err(|error| Failure::of_file(&error, format!("the plan file {shown} cannot be read: {error}"), &write))?;
    PlanFile::parse(&String::from_utf8_lossy(&bytes)).map_err(|error| {
        let help = match &error {
            Unreadable::Newer(_) => format!("use the igsync that wrote it, or {write}"),
            Unreadable::Damaged(_) => write,
        };
        Failure::message(Exit::Failure, format!("{shown} {error}"), help)
    })
}
