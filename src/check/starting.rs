//! What an engine says of a program that it could not start, for people.

use super::matching::shown;

/// What begins the part that tells of the program, behind the names of all that handed the error on.
const PROGRAM: &str = "exec: ";

/// What was found, and what to do about it; `otherwise` where the engine's words do not tell.
pub(super) fn could_not_start(error: &str, otherwise: &str) -> (String, String) {
    let found = format!("the container could not start: {}", told(error));
    (found, advice(error).unwrap_or_else(|| otherwise.to_owned()))
}

/// The part of the engine's words that names the program: runc's and containerd's own come first, and there are more of
/// them with each version (`OCI runtime create failed: … exec: "app": executable file not found in $PATH: unknown`).
pub(super) fn told(error: &str) -> String {
    let told = error.find(PROGRAM).map_or(error, |at| &error[at..]);
    shown(told.trim().trim_end_matches(": unknown"))
}

/// What to do where the words of CMD or ENTRYPOINT are to blame.
pub(super) fn advice(error: &str) -> Option<String> {
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
