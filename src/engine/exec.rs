//! A command in a container that runs already (`docker exec`).

use super::{Engine, EngineError, text::BoundedBytes};
use bollard::exec::{StartExecOptions, StartExecResults};
use bollard::models::ExecConfig;
use futures_util::StreamExt;

/// How such a command ended.
#[derive(Debug)]
pub(crate) struct Executed {
    /// Exit code; none where the engine does not tell one.
    pub(crate) exit: Option<i64>,
    /// Both streams; both ends where it is too much.
    pub(crate) output: String,
}

impl Engine {
    /// Runs a command to its end, as the container's user or another, and keeps `most` bytes of what it prints.
    /// Without a deadline of its own.
    ///
    /// # Errors
    /// Where the engine cannot do it: the container may have ended.
    pub(crate) async fn exec(
        &self,
        container: &str,
        command: &[String],
        user: Option<&str>,
        most: usize,
    ) -> Result<Executed, EngineError> {
        let doing = format!("run {} in the container", command.first().map_or("nothing", String::as_str));
        let config = ExecConfig {
            cmd: Some(command.to_vec()),
            user: user.map(str::to_owned),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            ..ExecConfig::default()
        };
        let exec = self.docker().create_exec(container, config).await.map_err(self.wrong(&doing))?;
        let started = self.docker().start_exec(&exec.id, None::<StartExecOptions>).await.map_err(self.wrong(&doing))?;
        let mut bytes = BoundedBytes::new(most);
        if let StartExecResults::Attached { mut output, .. } = started {
            while let Some(part) = output.next().await {
                bytes.push(part.map_err(self.wrong(&doing))?.as_ref());
            }
        }
        let ended = self.docker().inspect_exec(&exec.id).await.map_err(self.wrong(&doing))?;
        Ok(Executed { exit: ended.exit_code, output: bytes.into_text() })
    }
}
