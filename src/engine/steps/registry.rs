//! What a person does with a registry: log in, push, pull, remove, run one.

use super::{RUN_SECONDS, Stage, StepError, impossible};
use crate::course::exercise::Step;
use crate::engine::{
    EngineError,
    call::RegistryAuth,
    container::{Attempt, ContainerSpec},
};
use crate::registry::Reference;

impl Stage<'_> {
    pub(super) async fn with_registry(&mut self, step: &Step) -> Result<(), StepError> {
        match step {
            Step::Login { registry, user, password, may_fail } => {
                let (username, password) = (user.clone(), password.clone().into());
                let auth = RegistryAuth { username, password, serveraddress: registry.clone(), identity: None };
                if refused(self.engine.log_in(&auth).await, *may_fail)? {
                    self.logins.insert(registry.clone(), auth);
                }
                Ok(())
            }
            Step::Push { image, may_fail } => {
                let name = self.new_name(image)?;
                if refused(self.engine.push(&name, self.login_of(&name)).await, *may_fail)? {
                    self.ledger.image_was_pushed(&name).await?;
                }
                Ok(())
            }
            Step::Pull { image } => {
                let name = self.new_name(image)?;
                let before = self.ledger.expect_image(&name).await?;
                self.engine.pull_as(&name, self.login_of(&name), drop).await?;
                self.made(&name, &before).await?;
                Ok(())
            }
            Step::Remove { image } => Ok(self.ledger.remove_image(&self.new_name(image)?).await?),
            Step::Run { image, port, publish, silent } => {
                let publish = publish.parse().map_err(|_| impossible(format!("`{publish}` is no port")))?;
                let image = self.name(image).to_owned();
                let spec = ContainerSpec { image, port: Some(*port), publish: Some(publish), ..Default::default() };
                let container = self.created(self.engine.start(self.ledger, &spec).await?, &spec.image)?;
                if *silent { Ok(()) } else { Ok(self.listens(&container, *port).await?) }
            }
            // The others concern no registry.
            _ => Ok(()),
        }
    }

    /// Waits until something listens on a port of a container that was just started.
    async fn listens(&self, container: &str, port: u16) -> Result<(), EngineError> {
        // The kernel's tables (proc(5)), port in hexadecimal and state 0A: not every BusyBox has nc -z.
        let script = format!(
            "i=0; until cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | grep -q ':{port:04X} [0-9A-F:]* 0A '; \
             do i=$((i+1)); [ $i -lt 300 ] || exit 1; sleep 0.1; done"
        );
        let spec = self.engine.beside(container, &["sh", "-c", &script]).await?;
        let doing = "wait for a container to listen";
        if let Attempt::Done(helper) = self.engine.start(self.ledger, &spec).await? {
            self.engine.long(doing, RUN_SECONDS, self.engine.wait(&helper)).await?;
            self.ledger.remove_container(&helper).await?;
        }
        Ok(())
    }

    /// Who is logged in at the registry of a name.
    fn login_of(&self, name: &str) -> Option<&RegistryAuth> {
        self.logins.get(&Reference::parse(name)?.host)
    }
}

/// Whether it was done; a refusal is fine where it may be.
fn refused(result: Result<(), EngineError>, may_fail: bool) -> Result<bool, EngineError> {
    match result {
        Ok(()) => Ok(true),
        Err(EngineError::Refused { .. }) if may_fail => Ok(false),
        Err(error) => Err(error),
    }
}
