//! A shell text as the commands that somebody would enter one after another.

/// One command as it is written, over as many lines as it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entered {
    /// Number of its first line in the text, from 1.
    pub line: usize,
    /// Its lines, without the last line end.
    pub text: String,
}

/// The commands of a text, each complete: quotes are closed, here-documents ended, and nothing is left open by `\`,
/// `|`, `&&`, `||`, a bracket, or words such as `for` and `if` (POSIX.1-2017, Shell Command Language). Empty lines and
/// comments between commands are left out. What is never completed is one command up to the end.
pub fn commands(text: &str) -> Vec<Entered> {
    let mut found = Vec::new();
    let mut current: Option<(Entered, State)> = None;
    for (index, line) in text.lines().enumerate() {
        if current.is_none() && matches!(line.trim_start().chars().next(), None | Some('#')) {
            continue;
        }
        let new = || (Entered { line: index + 1, text: String::new() }, State { at_command: true, ..State::default() });
        let (mut entered, mut state) = current.take().unwrap_or_else(new);
        if !entered.text.is_empty() {
            entered.text.push('\n');
        }
        entered.text.push_str(line);
        state.read(line);
        if state.is_complete() {
            found.push(entered);
        } else {
            current = Some((entered, state));
        }
    }
    found.extend(current.map(|(entered, _)| entered));
    found
}

/// What is open at the end of a line.
#[derive(Debug, Default)]
struct State {
    quote: Option<char>,
    /// Terminators of here-documents, and whether tabs before them are ignored.
    documents: Vec<(String, bool)>,
    /// Brackets that are open.
    brackets: usize,
    /// Words such as `for` whose end has not come. (Apart from brackets: a `case` has closing ones only.)
    words: usize,
    /// The line goes on in the next one: `\` at its end, or an operator.
    continued: bool,
    /// The next word names a command.
    at_command: bool,
}

impl State {
    fn is_complete(&self) -> bool {
        self.quote.is_none() && self.documents.is_empty() && self.brackets + self.words == 0 && !self.continued
    }

    fn read(&mut self, line: &str) {
        if self.quote.is_none()
            && let Some((end, tabs)) = self.documents.first()
        {
            if (if *tabs { line.trim_start_matches('\t') } else { line }) == end {
                self.documents.remove(0);
            }
            return;
        }
        // Empty lines end nothing.
        if line.trim().is_empty() {
            return;
        }
        let mut opened = Vec::new();
        self.continued = false;
        let mut word = String::new();
        let mut chars = line.chars().peekable();
        while let Some(c) = chars.next() {
            if let Some(quote) = self.quote {
                match c {
                    '\\' if quote == '"' => drop(chars.next()),
                    c if c == quote => self.quote = None,
                    _ => {}
                }
                continue;
            }
            match c {
                '\\' => match chars.next() {
                    Some(escaped) => {
                        self.continued = false;
                        word.extend(['\\', escaped]);
                    }
                    None => self.continued = true,
                },
                '\'' | '"' => {
                    (self.quote, self.continued) = (Some(c), false);
                    // No reserved word is quoted.
                    word.push(c);
                }
                '#' if word.is_empty() => break,
                '<' if chars.next_if_eq(&'<').is_some() => {
                    self.word(&mut word);
                    let tabs = chars.next_if_eq(&'-').is_some();
                    while chars.next_if(|c| *c == ' ').is_some() {}
                    let mut end = String::new();
                    while let Some(c) = chars.next_if(|c| !c.is_whitespace() && !"|&;<>()".contains(*c)) {
                        end.push(c);
                    }
                    // `<<<` is no here-document.
                    if !end.is_empty() {
                        opened.push((end.replace(['"', '\'', '\\'], ""), tabs));
                    }
                }
                ' ' | '\t' => self.word(&mut word),
                '|' | '&' | ';' => {
                    self.word(&mut word);
                    let doubled = chars.next_if_eq(&c).is_some();
                    self.continued = c == '|' || c == '&' && doubled;
                    self.at_command = true;
                }
                '(' => {
                    // `$(` and `NAME(`, too: until the bracket closes, nothing is complete.
                    word.clear();
                    self.brackets += 1;
                    (self.at_command, self.continued) = (true, false);
                }
                ')' => {
                    self.word(&mut word);
                    self.brackets = self.brackets.saturating_sub(1);
                }
                c => {
                    self.continued = false;
                    word.push(c);
                }
            }
        }
        self.word(&mut word);
        self.documents.extend(opened);
        if self.quote.is_none() && !self.continued {
            self.at_command = true;
        }
    }

    /// A word has ended.
    fn word(&mut self, word: &mut String) {
        let word = std::mem::take(word);
        if word.is_empty() || !std::mem::take(&mut self.at_command) {
            return;
        }
        match word.as_str() {
            "if" | "while" | "until" | "{" => (self.words, self.at_command) = (self.words + 1, true),
            "for" | "case" => self.words += 1,
            "fi" | "done" | "esac" | "}" => self.words = self.words.saturating_sub(1),
            "do" | "then" | "else" | "elif" | "!" => self.at_command = true,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entered(text: &str) -> Vec<(usize, String)> {
        commands(text).into_iter().map(|entered| (entered.line, entered.text)).collect()
    }

    #[test]
    fn each_line_is_a_command_and_comments_are_none() {
        let text = "mkdir -p ~/try/a\n# now\n\ncd ~/try/a # there\necho 'it''s'\nwget 2>&1 http://a/#b &\n";
        let lines: Vec<usize> = commands(text).iter().map(|entered| entered.line).collect();
        assert_eq!(lines, [1, 4, 5, 6]);
    }

    #[test]
    fn what_is_open_goes_on_in_the_next_line() {
        for text in [
            "docker build \\\n  -t a .",
            "printf 'FROM a\nRUN b\n' | docker build -",
            "printf a |\n  docker build -",
            "a &&\n\n b",
            "a ||\n b",
            "cat > Dockerfile <<'EOF'\nFROM a\n# b\nEOF",
            "cat <<-EOF | wc -l\n\ta 'b\n\tEOF",
            "for i in 1 2\ndo\n echo $i\ndone",
            "if a; then\n b\nelse\n c\nfi",
            "{ a\n b; }",
            "case $a in\n b) c ;;\n *) d ;;\nesac",
            "(cd a\n b)",
            "A=$(b\n c)",
            "f() {\n a\n}",
            "while read -r l; do echo \"$l\n\"; done",
        ] {
            assert_eq!(
                entered(&format!("first\n{text}\nlast\n"))[1..],
                [(2, text.to_owned()), (text.lines().count() + 2, "last".to_owned())]
            );
        }
    }

    #[test]
    fn words_in_the_middle_of_a_command_open_nothing() {
        for text in
            ["echo for if {", "docker run a sh -c 'for i in 1'", "a <<< b", "grep -e '|' x", "b done", "a;", "a &"]
        {
            assert_eq!(entered(&format!("{text}\nlast")).len(), 2, "{text}");
        }
    }

    #[test]
    fn what_never_ends_is_one_command() {
        assert_eq!(entered("a 'b\nc\n"), [(1, "a 'b\nc".to_owned())]);
    }

    proptest! {
        #[test]
        fn nothing_gets_lost(text in "([a-c ;|&'\"(){}<#\\\\]|for|done|EOF|\\n){0,40}") {
            let kept: String = commands(&text).iter().map(|entered| format!("{}\n", entered.text)).collect();
            let lost: Vec<&str> = text.lines().filter(|line| !kept.contains(line)).collect();
            prop_assert!(lost.iter().all(|line| matches!(line.trim_start().chars().next(), None | Some('#'))), "{lost:?}");
        }
    }
}
