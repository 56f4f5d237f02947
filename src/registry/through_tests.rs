use super::*;
use http::StatusCode;
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
const LAST: &str = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}";
const BASIC: &str = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"lab\"\r\nContent-Length: 0\r\n\r\n";
const BEARER: &str = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer realm=\"https://a.example/t\"\r\n\
                      Content-Length: 0\r\n\r\n";
const BOTH: &str = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer realm=\"https://a.example/t\"\r\n\
                    WWW-Authenticate: Basic realm=\"lab\"\r\nContent-Length: 0\r\n\r\n";
const NOT_THERE: &str = "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}";
/// Hears the question and ends the connection.
const HANGS_UP: &str = "";

type Connecting = Pin<Box<dyn Future<Output = Result<DuplexStream, String>> + Send>>;
type Heard = Arc<Mutex<Vec<String>>>;

/// A registry that gives these answers, by connection, and ends each of them after its last one without a word.
fn registry(connections: &[&[&'static str]]) -> (impl Fn() -> Connecting + Send + Clone, Heard) {
    let connections: VecDeque<Vec<&'static str>> = connections.iter().map(|answers| answers.to_vec()).collect();
    let (left, heard) = (Arc::new(Mutex::new(connections)), Heard::default());
    let list = Arc::clone(&heard);
    let connect = move || {
        let (answers, list) = (left.lock().unwrap().pop_front(), Arc::clone(&list));
        let (ours, mut theirs) = tokio::io::duplex(64 * 1024);
        let connecting: Connecting = Box::pin(async move {
            let answers = answers.ok_or("nobody is there any more")?;
            tokio::spawn(async move {
                for answer in answers {
                    let mut question = Vec::new();
                    while !question.ends_with(b"\r\n\r\n") {
                        let Ok(byte) = theirs.read_u8().await else { return };
                        question.push(byte);
                    }
                    list.lock().unwrap().push(String::from_utf8(question).unwrap().to_lowercase());
                    theirs.write_all(answer.as_bytes()).await.unwrap();
                }
            });
            Ok(ours)
        });
        connecting
    };
    (connect, heard)
}

/// What the registry tells, question after question, as whom it was asked, and what it heard.
async fn told(
    connections: &[&[&'static str]],
    login: Option<Login>,
    questions: usize,
) -> (Vec<Result<StatusCode, RegistryError>>, Known, Vec<String>) {
    let (connect, heard) = registry(connections);
    let mut through = Through::over(connect().await.unwrap(), connect.clone(), "r.example", login).await.unwrap();
    let mut told = Vec::new();
    for _ in 0..questions {
        told.push(through.get("/v2/a/b/manifests/v1", "*/*", 1024).await.map(|got| got.status));
    }
    let heard = heard.lock().unwrap().clone();
    (told, through.known(), heard)
}

#[tokio::test]
async fn a_connection_that_ends_between_two_questions_is_replaced_once() {
    for connections in [&[&[OK, HANGS_UP][..], &[OK]][..], &[&[OK], &[OK]], &[&[LAST], &[OK]]] {
        let (told, ..) = told(connections, None, 2).await;
        assert!(told.iter().all(|told| *told == Ok(StatusCode::OK)), "{connections:?}: {told:?}");
    }
}

#[tokio::test]
async fn whoever_answered_once_is_there() {
    for connections in [&[&[OK, HANGS_UP][..], &[HANGS_UP]][..], &[&[OK], &[]], &[&[OK], &[HANGS_UP]], &[&[OK]]] {
        let (told, ..) = told(connections, None, 2).await;
        assert_eq!(told[0], Ok(StatusCode::OK));
        assert!(matches!(told[1], Err(RegistryError::Unintelligible { .. })), "{connections:?}: {told:?}");
    }
    // Nobody has answered: not asked again either.
    let (told, _, heard) = told(&[&[HANGS_UP], &[OK]], None, 1).await;
    assert!(matches!(told[0], Err(RegistryError::Broken { .. })), "{told:?}");
    assert_eq!(heard.len(), 1);
}

#[tokio::test]
async fn a_password_is_shown_to_whoever_asks_for_one() {
    let login = || Some(Login::Password { user: "ada".into(), password: "pa55".to_owned().into() });
    let shown = |heard: &[String]| heard.iter().map(|one| one.contains("authorization: basic ")).collect::<Vec<_>>();
    let (answers, known, heard) = told(&[&[OK]], login(), 1).await;
    assert_eq!((answers, known, shown(&heard)), (vec![Ok(StatusCode::OK)], Known::LoggedIn, vec![false]));
    for challenge in [BASIC, BOTH] {
        // Over the next connection too.
        let (answers, _, heard) = told(&[&[challenge, OK, HANGS_UP], &[OK]], login(), 2).await;
        assert_eq!((answers, shown(&heard)), (vec![Ok(StatusCode::OK); 2], vec![false, true, true, true]));
    }
    let (answers, _, heard) = told(&[&[BASIC, BASIC, BASIC]], login(), 2).await;
    assert_eq!((answers, shown(&heard)), (vec![Ok(StatusCode::UNAUTHORIZED); 2], vec![false, true, true]));
    let (answers, known, _) = told(&[&[BASIC]], None, 1).await;
    assert_eq!((answers, known), (vec![Ok(StatusCode::UNAUTHORIZED)], Known::Nobody));
    // A token that stands for a password is none.
    let identity = Some(Login::Identity("refresh".to_owned().into()));
    let (answers, known, heard) = told(&[&[BASIC]], identity, 1).await;
    assert_eq!((answers, known, shown(&heard)), (vec![Ok(StatusCode::UNAUTHORIZED)], Known::LoggedIn, vec![false]));
}

#[tokio::test]
async fn what_is_not_there_may_be_hidden_and_the_door_tells() {
    let login = || Some(Login::Password { user: "ada".into(), password: "pa55".to_owned().into() });
    let (answers, _, heard) = told(&[&[NOT_THERE, BASIC, OK]], login(), 1).await;
    assert_eq!(answers, [Ok(StatusCode::OK)]);
    assert!(heard[1].starts_with("get /v2/ ") && !heard[1].contains("authorization"), "{heard:?}");
    assert!(heard[2].contains("authorization: basic "), "{heard:?}");
    let (answers, _, heard) = told(&[&[NOT_THERE, OK]], login(), 1).await;
    assert_eq!((answers, heard.len()), (vec![Ok(StatusCode::NOT_FOUND)], 2));
    let (answers, _, heard) = told(&[&[NOT_THERE, OK]], None, 1).await;
    assert_eq!((answers, heard.len()), (vec![Ok(StatusCode::NOT_FOUND)], 1));
    // The login known, what is not there is not there.
    let (answers, _, heard) = told(&[&[NOT_THERE, BASIC, NOT_THERE, NOT_THERE]], login(), 2).await;
    assert_eq!((answers, heard.len()), (vec![Ok(StatusCode::NOT_FOUND); 2], 4));
    let (answers, ..) = told(&[&[NOT_THERE, BEARER]], login(), 1).await;
    assert_eq!(answers, [Err(RegistryError::Tokens { host: "r.example".into() })]);
}

#[tokio::test]
async fn whoever_wants_tokens_gets_nothing_and_the_learner_is_told() {
    for login in [None, Some(Login::Password { user: "ada".into(), password: "pa55".to_owned().into() })] {
        let (answers, _, heard) = told(&[&[BEARER, OK]], login, 1).await;
        assert_eq!(answers, [Err(RegistryError::Tokens { host: "r.example".into() })]);
        assert!(heard.len() == 1 && !heard[0].contains("authorization"), "{heard:?}");
    }
}
