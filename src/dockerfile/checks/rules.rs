//! The rules that Docker documents, in its order (docs.docker.com/reference/build-checks).
//!
//! Names are Docker's; the words are ours. Docker knows one level, the warning; the [`Severity`] is dlearn's own
//! reading of what a finding means. Not among them: InvalidBaseImagePlatform, which only a registry can answer.

use serde::Serialize;

/// What a finding means for the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// It works; the next reader stumbles.
    Style,
    /// It works today, and something outside decides whether it does tomorrow, or safely.
    Risk,
    /// Something other than what is written happens, or the build fails.
    Fault,
}

/// A rule of Docker's build checks.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// Docker's name for it, as in `# check=skip=NAME`.
    pub name: &'static str,
    /// What it asks for.
    pub what: &'static str,
    /// Why that matters.
    pub why: &'static str,
    /// What to write instead, in general terms.
    pub instead: &'static str,
    /// What a finding means.
    pub severity: Severity,
    /// Last part of the address of its page.
    #[serde(skip)]
    slug: &'static str,
}

impl Rule {
    /// Docker's page about it.
    pub fn link(&self) -> String {
        format!("https://docs.docker.com/reference/build-checks/{}/", self.slug)
    }

    /// The rule of that name; Docker takes names letter by letter.
    pub fn named(name: &str) -> Option<&'static Rule> {
        RULES.iter().copied().find(|rule| rule.name == name)
    }

    /// Runs only where the file asks for it (`# check=experimental=NAME`).
    pub fn is_experimental(&self) -> bool {
        self.name == "InvalidDefinitionDescription"
    }
}

macro_rules! rules {
    ($($konst:ident $name:literal $slug:literal $severity:ident { $what:literal $why:literal $instead:literal })*) => {
        $(
            pub(super) static $konst: &Rule = &Rule {
                name: $name, what: $what, why: $why, instead: $instead, severity: Severity::$severity, slug: $slug,
            };
        )*
        /// All of them.
        pub static RULES: &[&Rule] = &[$($konst),*];
    };
}

rules! {
    STAGE_NAME_CASING "StageNameCasing" "stage-name-casing" Style {
        "names of stages are in small letters"
        "Docker does not tell stages apart by case, so two spellings of one name mislead the reader."
        "write the name behind AS in small letters"
    }
    FROM_AS_CASING "FromAsCasing" "from-as-casing" Style {
        "AS is written like FROM: both in capitals, or both in small letters"
        "FROM … as … mixes two styles in one line, and the keyword disappears among the names."
        "write AS behind FROM, or as behind from"
    }
    NO_EMPTY_CONTINUATION "NoEmptyContinuation" "no-empty-continuation" Fault {
        "no empty line in the middle of an instruction"
        "It looks as if the instruction ended there. Docker reads on today, and has announced that it will refuse it."
        "take the empty line out, or the escape character before it"
    }
    CONSISTENT_INSTRUCTION_CASING "ConsistentInstructionCasing" "consistent-instruction-casing" Style {
        "all instructions are in capitals, or all in small letters"
        "Docker takes any case; people find instructions by their shape."
        "write every instruction in capitals"
    }
    DUPLICATE_STAGE_NAME "DuplicateStageName" "duplicate-stage-name" Fault {
        "each stage has a name of its own"
        "Of two stages with one name the later one hides the earlier: what names it means another stage than before."
        "give one of the stages another name"
    }
    RESERVED_STAGE_NAME "ReservedStageName" "reserved-stage-name" Fault {
        "no stage is called scratch or context"
        "scratch means the empty image, and context the build context; a stage of that name cannot be reached reliably."
        "give the stage another name"
    }
    JSON_ARGS_RECOMMENDED "JSONArgsRecommended" "json-args-recommended" Risk {
        "CMD and ENTRYPOINT are JSON arrays"
        "A line of text is run by a shell, which may then be process 1 and keep the stop signal from the program."
        "write program and arguments as an array of strings in double quotes"
    }
    MAINTAINER_DEPRECATED "MaintainerDeprecated" "maintainer-deprecated" Style {
        "no MAINTAINER"
        "The instruction is deprecated; tools read the author from a label of the OCI's list."
        "use LABEL with the key org.opencontainers.image.authors"
    }
    UNDEFINED_ARG_IN_FROM "UndefinedArgInFrom" "undefined-arg-in-from" Fault {
        "FROM uses only arguments that are declared before the first FROM"
        "An argument that nothing declares is empty, and the name of the base image becomes another one."
        "declare it with ARG above the first FROM, or correct its spelling"
    }
    WORKDIR_RELATIVE_PATH "WorkdirRelativePath" "workdir-relative-path" Risk {
        "the first WORKDIR of a build is an absolute path"
        "A relative one begins where the base image's WORKDIR is, which its next version may move."
        "begin the path with a slash"
    }
    UNDEFINED_VAR "UndefinedVar" "undefined-var" Fault {
        "variables are set before they are used"
        "A variable that nothing has set is replaced by nothing, and the build goes on with what is left."
        "set it with ARG or ENV above the line, or correct its spelling"
    }
    MULTIPLE_INSTRUCTIONS "MultipleInstructionsDisallowed" "multiple-instructions-disallowed" Fault {
        "a stage has at most one CMD, one ENTRYPOINT and one HEALTHCHECK"
        "Only the last one counts; the others look as if they did something."
        "keep the one that is meant"
    }
    LEGACY_KEY_VALUE_FORMAT "LegacyKeyValueFormat" "legacy-key-value-format" Style {
        "ENV and LABEL have = between name and value"
        "With a blank instead, the whole rest of the line is one value, and a second pair on it disappears into the first."
        "write NAME=value, and a value with blanks in quotes"
    }
    REDUNDANT_TARGET_PLATFORM "RedundantTargetPlatform" "redundant-target-platform" Style {
        "FROM does not say --platform=$TARGETPLATFORM"
        "That is what Docker does without it."
        "leave the flag out"
    }
    SECRETS_USED "SecretsUsedInArgOrEnv" "secrets-used-in-arg-or-env" Risk {
        "no ARG or ENV whose name is that of a secret"
        "Values of ENV stand in the image, and those of ARG in its history, for everybody who has the image."
        "give a secret to the one RUN that needs it with RUN --mount=type=secret, or to the container when it starts"
    }
    INVALID_DEFAULT_ARG_IN_FROM "InvalidDefaultArgInFrom" "invalid-default-arg-in-from" Fault {
        "FROM names an image also where no --build-arg is given"
        "Without the argument the name of the base image is empty or malformed, so a plain docker build fails."
        "give the ARG above the first FROM a default"
    }
    FROM_PLATFORM_CONST "FromPlatformFlagConstDisallowed" "from-platform-flag-const-disallowed" Risk {
        "FROM --platform names no fixed platform"
        "On any other machine the stage is emulated, or its image does not run."
        "leave the flag out, use $BUILDPLATFORM, or name the platform in the stage's name"
    }
    COPY_IGNORED_FILE "CopyIgnoredFile" "copy-ignored-file" Fault {
        "COPY and ADD name nothing that .dockerignore excludes"
        "What .dockerignore excludes is not in the build context, so there is nothing to copy."
        "correct .dockerignore, or the line, depending on whether the image needs the file"
    }
    INVALID_DEFINITION_DESCRIPTION "InvalidDefinitionDescription" "invalid-definition-description" Style {
        "a comment above ARG or a named FROM begins with the name that it describes"
        "docker build --call=outline shows such comments as descriptions."
        "begin the comment with the name, or put an empty comment line (#) below it"
    }
    EXPOSE_PROTO_CASING "ExposeProtoCasing" "expose-proto-casing" Style {
        "the protocol of EXPOSE is in small letters"
        "The image's configuration has it in small letters."
        "write tcp, udp or sctp"
    }
    EXPOSE_INVALID_FORMAT "ExposeInvalidFormat" "expose-invalid-format" Fault {
        "EXPOSE names the container's ports only"
        "An address or a port of the host is dropped without a word: only docker run -p publishes."
        "write the container's port, such as 8080 or 8080/udp"
    }
}
