//! Plans, findings and events as text.
use std::io::{self, Write};
use std::sync::Arc;
use crate::apply::{Event, Observer, Tally};
use crate::finding::Finding;
use crate::plan::Plan;
use crate::port::Clock;

#[derive(Clone, Copy, Debug)]
pub struct Style { pub colour: bool, pub width: usize, pub unicode: bool }

pub fn count(n: usize, noun: &str) -> String { if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") } }
pub fn plan_human(plan: &Plan, _: &Style, _: &str) -> String {
    let mut text = String::new();
    for c in plan.changes.iter() { text += &format!("  {} {} {} {}\n", c.action.mark(), c.key, c.kind, c.reason); }
    for g in &plan.guards { text += &format!("refused: {}\n  help: {}\n", g.message, g.help); }
    text + &last_line("Plan", plan) + "\n"
}
fn last_line(word: &str, plan: &Plan) -> String {
    let s = &plan.summary;
    let parts: Vec<String> = [(s.publish,"to publish"),(s.resume,"to resume"),(s.adopt,"to adopt"),(s.moved,"moved"),(s.scheduled,"scheduled"),(s.edited,"edited"),(s.delete,"to delete"),(s.orphan,"orphaned"),(s.late,"late"),(s.expired,"expired"),(s.unknown,"unknown"),(s.failed,"failed")].iter().filter(|(n,_)| *n>0).map(|(n,w)| format!("{n} {w}")).collect();
    let word = if s.has_changes() { word } else { "No changes" };
    if parts.is_empty() { return "No changes.".into() }
    let un = if s.unchanged > 0 { format!("; {} unchanged", s.unchanged) } else { String::new() };
    format!("{word}: {}{un}.", parts.join(", "))
}
pub fn plan_json(plan: &Plan) -> String { serde_json::json!({"format_version":"1.0","applyable":plan.applyable(),"complete":plan.complete,"changes":plan.changes.iter().map(|c| serde_json::json!({"key":c.key,"action":c.action.name(),"account":c.account,"user_id":c.user_id,"reason":c.reason,"file":c.file.as_deref(),"line":c.line,"digest":c.digest,"media":[],"in_diff":c.in_diff})).collect::<Vec<_>>()}).to_string()+"\n" }
pub fn findings(findings: &[Finding], _: &Style) -> String { findings.iter().map(|f| { let (l,c)=f.position(); format!("{}:{l}:{c}: {:?} {} {} ({})\n", f.file, f.severity, f.rule.id, f.message, f.label) }).collect() }
pub fn findings_json(f: &[Finding]) -> String { findings(f, &Style{colour:false,width:80,unicode:true}) }
pub fn findings_github(f: &[Finding]) -> String { findings(f, &Style{colour:false,width:80,unicode:true}) }
pub fn failure(report: &dyn miette::Diagnostic, _: &Style) -> String { let mut t=format!("error: {report}\n"); let mut e: Option<&dyn std::error::Error> = report.source(); while let Some(x)=e { t+=&format!("  caused by: {x}\n"); e=x.source(); } if let Some(h)=report.help() { t+=&format!("  help: {h}\n"); } t }
pub fn event_json(event: &Event) -> String { serde_json::to_string(event).unwrap_or_default()+"\n" }
pub fn run_summary(t: &Tally, plan: &Plan) -> String { format!("Applied: {} published, {} failed; {} unchanged.\n", t.published, t.failed, plan.summary.unchanged) }
pub struct Json<W>(W);
impl<W: Write> Json<W> { pub fn new(w: W) -> Self { Self(w) } }
impl<W: Write + Send> Observer for Json<W> { fn event(&mut self, e: &Event) -> io::Result<()> { self.0.write_all(event_json(e).as_bytes())?; self.0.flush() } }
pub struct Human<W>(W);
impl<W: Write> Human<W> { pub fn new(w: W, _: bool, _: Arc<dyn Clock>) -> Self { Self(w) } }
impl<W: Write + Send> Observer for Human<W> { fn event(&mut self, e: &Event) -> io::Result<()> { writeln!(self.0, "{}", event_json(e).trim()) } }
