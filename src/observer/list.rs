//! A list of observers is an observer.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{Flow, Observer, Plan};
use crate::gan_error::GanError;
use crate::report::StepReport;

/// All of them see every step, in their order, whatever the others say of it; the first error is the list's.
///
/// Memories are kept by [name](Observer::name), so that observers may come, go and change places before a run is
/// resumed. Where several have the same name, the second is `name 2`, the third `name 3`, in their order.
impl<T, O: Observer<T>> Observer<T> for Vec<O> {
    /// The same for every list.
    fn name(&self) -> String {
        "observers".to_string()
    }

    fn start(&mut self, plan: Plan) -> Result<(), GanError> {
        let given = self.iter().map(Observer::name);
        for (name, unique) in given.zip(names(self.iter().map(Observer::name))) {
            if name != unique {
                log::info!("another observer called `{name}` is `{unique}` in checkpoints");
            }
        }
        self.iter_mut()
            .try_for_each(|observer| observer.start(plan))
    }

    fn observe(&mut self, report: &StepReport, trainer: &T) -> Result<Flow, GanError> {
        // An error of one must not leave a gap in what the others have seen.
        let flows: Vec<_> = self
            .iter_mut()
            .map(|observer| observer.observe(report, trainer))
            .collect();
        flows
            .into_iter()
            .try_fold(Flow::Continue, |flow, next| Ok(flow.max(next?)))
    }

    fn finish(&mut self, last: Option<&StepReport>, trainer: &T) -> Result<(), GanError> {
        let finished: Vec<_> = self
            .iter_mut()
            .map(|observer| observer.finish(last, trainer))
            .collect();
        finished.into_iter().collect()
    }

    /// An object of all memories by name.
    fn memory(&mut self) -> Result<Value, GanError> {
        let names = names(self.iter().map(Observer::name));
        let memories = self
            .iter_mut()
            .zip(names)
            .map(|(observer, name)| Ok((name, observer.memory()?)));
        Ok(Value::Object(
            memories.collect::<Result<Map<_, _>, GanError>>()?,
        ))
    }

    /// Takes an object of memories by name, or an array of them in the order of the list, as version 0.1.0 wrote it.
    fn recall(&mut self, memory: &Value) -> Result<(), GanError> {
        match memory {
            Value::Object(memories) => {
                let names = names(self.iter().map(Observer::name));
                for (name, memory) in memories {
                    if !memory.is_null() && !names.contains(name) {
                        log::warn!("no observer is called `{name}`: what it remembered is dropped");
                    }
                }
                self.iter_mut()
                    .zip(&names)
                    .filter_map(|(observer, name)| Some((observer, memories.get(name)?)))
                    .try_for_each(|(observer, memory)| observer.recall(memory))
            }
            Value::Array(memories) if memories.len() == self.len() => self
                .iter_mut()
                .zip(memories)
                .try_for_each(|(observer, memory)| observer.recall(memory)),
            _ => {
                log::warn!("the checkpoint is not of this list of observers: they start afresh");
                Ok(())
            }
        }
    }
}

/// The names under which memories are kept, each once.
fn names(given: impl Iterator<Item = String>) -> Vec<String> {
    let mut taken = BTreeSet::new();
    let unique = |name: String| {
        let mut unique = name.clone();
        let mut count = 1;
        while !taken.insert(unique.clone()) {
            count += 1;
            unique = format!("{name} {count}");
        }
        unique
    };
    given.map(unique).collect()
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn every_name_is_there_once() {
        let names = names(["a", "b", "a", "a 2", "a"].map(String::from).into_iter());
        assert_eq!(names, ["a", "b", "a 2", "a 2 2", "a 3"]);
    }
}
