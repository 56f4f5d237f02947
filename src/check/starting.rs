//! What an engine says of a program that it could not start, for people.

use super::matching::shown;

/// What begins the part that tells of the program, behind the names of all that handed the error on.
const PROGRAM: &str = "exec: ";
/// What begins the part that tells of the user or the group, before its name (moby/sys/user, `GetExecUser`).
const NOBODY: [(&str, &str); 2] = [("unable to find user ", "user"), ("unable to find group ", "group")];

/// What was found, and what to do about it; `otherwise` where the engine's words do not tell.
pub(super) fn could_not_start(error: &str, otherwise: &str) -> (String, String) {
    let found = format!("the container could not start: {}", told(error));
    (found, advice(error).unwrap_or_else(|| otherwise.to_owned()))
}

/// The part of the engine's words that names the program, the user or the group: runc's and containerd's own come first, and there are more of
/// them with each version (`OCI runtime create failed: … exec: "app": executable file not found in $PATH: unknown`).
pub(super) fn told(error: &str) -> String {
    let begins = [PROGRAM, NOBODY[0].0, NOBODY[1].0];
    let told = begins.iter().find_map(|begin| error.find(begin)).map_or(error, |at| &error[at..]);
    shown(told.trim().trim_end_matches(": unknown"))
}

/// What to do where the words of USER, CMD or ENTRYPOINT are to blame.
pub(super) fn advice(error: &str) -> Option<String> {
    nobody(error).or_else(|| no_program(error))
}

/// What to do where USER names somebody whom the image does not know.
pub(super) fn nobody(error: &str) -> Option<String> {
    NOBODY.iter().find_map(|(begins, what)| {
        let (_, told) = error.split_once(begins)?;
        let (name, _) = told.split_once(": ")?;
        Some(format!(
            "the image has no {what} {}: make one in a RUN before USER, or write one that the image has, or a number",
            shown(name)
        ))
    })
}

/// What to do where the words of CMD or ENTRYPOINT are to blame.
pub(super) fn no_program(error: &str) -> Option<String> {
    let (_, told) = error.split_once(PROGRAM)?;
    let (program, why) = told.strip_prefix('"')?.split_once("\": ")?;
    if program.contains(char::is_whitespace) {
        return Some(format!(
            "the whole of {} is taken for the name of one program: put each word of the list into double quotes of its own, \
             with commas between them",
            shown(program)
        ));
    }
    if why.starts_with("executable file not found in $PATH") {
        return Some(format!(
            "a list starts a program without a shell, and a name without a slash is looked for in the folders of $PATH \
             alone; the WORKDIR is none of them. If the file lies there, write {}; else its whole path",
            shown(&format!("./{program}"))
        ));
    }
    why.contains("permission denied").then(|| {
        format!(
            "{} may not be run: give the file that right (chmod +x before it is copied, or in a RUN), or put its interpreter \
             in front of it in the list, as in [\"sh\", \"{}\"]",
            shown(program),
            program.replace('"', "")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Engine 20.10 and Engine 28.5 say it.
    const HANDED_ON: [&str; 2] = [
        "OCI runtime create failed: container_linux.go:380: starting container process caused: ",
        "failed to create task for container: failed to create shim task: OCI runtime create failed: runc create \
         failed: unable to start container process: error during container init: ",
    ];

    #[test]
    fn a_program_that_is_not_in_the_path_is_told_with_what_to_write() {
        for by in HANDED_ON {
            let error = format!("{by}exec: \"till.sh\": executable file not found in $PATH: unknown");
            let (found, advice) = could_not_start(&error, "look");
            let said = "the container could not start: `exec: \"till.sh\": executable file not found in $PATH`";
            assert_eq!(found, said);
            assert!(advice.contains("folders of $PATH") && advice.contains("write `./till.sh`"), "{advice}");
        }
    }

    #[test]
    fn a_user_or_a_group_that_the_image_does_not_have_is_told_with_what_to_do() {
        let users = "unable to find user nosuch: no matching entries in passwd file";
        let groups = "unable to find group staff2: no matching entries in group file";
        for (error, what) in [(users, "no user `nosuch`"), (groups, "no group `staff2`")] {
            for by in HANDED_ON.into_iter().chain([""]) {
                let (found, advice) = could_not_start(&format!("{by}{error}"), "look");
                assert_eq!(found, format!("the container could not start: `{error}`"));
                assert!(advice.contains(what) && advice.contains("in a RUN before USER"), "{advice}");
            }
        }
        assert_eq!(could_not_start("unable to find user", "look").1, "look");
    }

    #[test]
    fn each_other_reason_has_its_own_advice() {
        let advice = |error: &str| could_not_start(&format!("{}{error}: unknown", HANDED_ON[1]), "look").1;
        assert!(advice("exec: \"httpd -f\": executable file not found in $PATH").contains("double quotes of its own"));
        assert!(advice("exec: \"/a b\": stat /a b: no such file or directory").contains("one program"));
        assert!(advice("exec: \"./x\": permission denied").contains("[\"sh\", \"./x\"]"));
        assert_eq!(advice("exec: \"/x\": stat /x: no such file or directory"), "look");
        for other in ["", "exec: ", "exec: \"", "mount failed", "exec: x: executable file not found in $PATH"] {
            assert_eq!(could_not_start(other, "look").1, "look", "{other}");
        }
    }
}
