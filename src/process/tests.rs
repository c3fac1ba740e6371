use super::*;

fn call<'a>(script: &str, talks_to: TalksTo<'a>) -> Call<'a> {
    Call {
        program: "/bin/sh".into(),
        arguments: vec!["-c".into(), script.into()],
        folder: None,
        environment: Environment::without(&Secrets::default()),
        talks_to,
        limits: Limits { time: Duration::from_secs(60), output: 1000, said: 1000 },
    }
}

#[tokio::test]
async fn what_goes_in_comes_out() {
    let output = run(call("cat; echo said >&2; exit 3", TalksTo::Us(b"asked"))).await.unwrap();
    assert_eq!(
        (output.status.code(), &output.stdout[..], &output.stderr[..]),
        (Some(3), &b"asked"[..], &b"said\n"[..])
    );
    let output = run(call("cat; echo $#", TalksTo::Us(b""))).await.unwrap();
    assert_eq!(output.stdout, b"0\n");
}

#[tokio::test]
async fn a_program_that_never_stops_talking_is_ended_on_either_output() {
    for script in ["while :; do echo x; done", "while :; do echo x >&2; done"] {
        assert!(matches!(run(call(script, TalksTo::Us(b""))).await, Err(Problem::TooMuch)), "{script}");
    }
}

#[tokio::test]
async fn its_time_ends_a_program_with_all_that_it_has_started() {
    // Whoever lives holds the pipe open; its reader sees the end when all are gone.
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("alive");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let reader = {
        let pipe = pipe.clone();
        std::thread::spawn(move || std::fs::read_to_string(pipe).unwrap())
    };
    let script = format!("exec 9>'{}'; echo up >&9; (sleep 600) & sleep 600", pipe.display());
    let call = call(&script, TalksTo::Us(b""));
    let limits = Limits { time: Duration::from_millis(300), ..call.limits };
    assert!(matches!(run(Call { limits, ..call }).await, Err(Problem::TooSlow)));
    assert_eq!(tokio::task::spawn_blocking(move || reader.join().unwrap()).await.unwrap(), "up\n");
}

#[tokio::test]
async fn a_program_that_is_not_there_is_named() {
    let call = Call { program: "/nonexistent/program".into(), ..call("", TalksTo::Us(b"")) };
    assert!(matches!(run(call).await, Err(Problem::NotStarted(_))));
}
