//! The question, and an answer as a model might give it: partly quoted, partly reworded, partly its own.

use super::texts::Text;

/// A question and its answer.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    /// What is asked.
    pub(crate) prompt: String,
    /// The model's answer.
    pub(crate) answer: String,
}

/// Most texts that a composed answer draws on.
const SOURCES: usize = 6;

/// Words in a sentence that is worth quoting.
const QUOTABLE: std::ops::RangeInclusive<usize> = 8..=60;

/// Words that rewording exchanges: frequent, and harmless in their place.
const EXCHANGES: &[(&str, &str)] = &[
    ("the", "that"),
    ("a", "some"),
    ("is", "remains"),
    ("are", "remain"),
    ("was", "had been"),
    ("and", "as well as"),
    ("but", "yet"),
    ("because", "since"),
    ("so", "hence"),
    ("only", "merely"),
    ("which", "and that"),
    ("into", "in"),
    ("often", "many times"),
    ("very", "rather"),
    ("must", "has to"),
    ("can", "may"),
];

/// The question to the texts that come with the program, and the answer that was written for it.
pub(crate) fn shipped() -> Question {
    Question {
        prompt: include_str!("../../texts/question/prompt.md").trim().to_owned(),
        answer: include_str!("../../texts/question/answer.md").trim().to_owned(),
    }
}

/// A question to texts that nobody has read, and an answer made of them: per text one sentence as it stands and one reworded.
pub(crate) fn composed(texts: &[Text]) -> Question {
    let step = texts.len().div_ceil(SOURCES).max(1);
    let passages = texts.iter().step_by(step).map(|text| {
        let sentences = sentences(&text.body);
        let quoted = sentences[sentences.len() / 3].join(" ");
        let reworded = reword(&sentences[sentences.len() * 2 / 3]);
        format!("On {}, one source says: \"{quoted}\" And to put another of its thoughts differently: {reworded}", text.name)
    });
    let answer = passages.chain(["Taken together, these are the passages that an answer would rest on.".to_owned()]);
    Question { prompt: "What do these texts say?".to_owned(), answer: answer.collect::<Vec<_>>().join("\n\n") }
}

/// How many answers one settlement has.
pub(crate) const ANSWERS: usize = 20;

/// The question, and further ones about single texts, [`ANSWERS`] in all: each answer quotes one of them and says something of its own.
pub(crate) fn session(first: Question, texts: &[Text]) -> Vec<Question> {
    let about = |index: usize| {
        let text = &texts[index % texts.len()];
        let sentences = sentences(&text.body);
        let quoted = sentences[index * 7 % sentences.len()].join(" ");
        let answer =
            format!("To your question number {}, the nearest that I know is this: \"{quoted}\" It is from {}.", index + 1, text.name);
        Question { prompt: format!("What is worth knowing about {}? ({})", text.name, index + 1), answer }
    };
    std::iter::once(first).chain((1..ANSWERS).map(about)).collect()
}

/// The answer, and words that it takes from somewhere else as they are.
pub(crate) fn with_words(question: Question, words: &str) -> Question {
    Question { answer: format!("{}\n\nAnd somebody adds: \"{words}\"", question.answer), ..question }
}

/// The answer, and a passage that it takes from `text`, word by word.
pub(crate) fn quoting(question: Question, text: &Text) -> Question {
    let longest = sentences(&text.body).into_iter().max_by_key(Vec::len).unwrap_or_default().join(" ");
    Question { answer: format!("{}\n\nOr, in words that were found elsewhere: \"{longest}\"", question.answer), ..question }
}

/// The sentences of a text that are worth quoting, as words; the beginning of the text when there are none. Never empty.
fn sentences(body: &str) -> Vec<Vec<&str>> {
    let mut sentences = Vec::new();
    let mut sentence = Vec::new();
    for word in body.split_whitespace() {
        sentence.push(word);
        if word.trim_end_matches(['"', '\'', ')', '”', '’']).ends_with(['.', '!', '?']) {
            sentences.push(std::mem::take(&mut sentence));
        }
    }
    sentences.retain(|sentence| QUOTABLE.contains(&sentence.len()));
    if sentences.is_empty() {
        sentences.push(body.split_whitespace().take(*QUOTABLE.end()).collect());
    }
    sentences
}

/// The sentence with its harmless words exchanged.
fn reword(sentence: &[&str]) -> String {
    let exchange = |word: &&str| EXCHANGES.iter().find(|(from, _)| from == word).map_or(*word, |(_, to)| *to).to_owned();
    sentence.iter().map(exchange).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::texts;
    use tributary_attribution::text::{MemoryIndex, TextIndex, Trace, Unmetered};

    fn trace(texts: &[Text], answer: &str) -> Trace {
        let mut set = MemoryIndex::new();
        for text in texts {
            set.append(&text.body, 1, &mut Unmetered).unwrap();
        }
        tributary_attribution::text::trace(&set, set.version().unwrap(), answer, &mut Unmetered).unwrap()
    }

    #[test]
    fn the_shipped_answer_owes_something_to_several_texts_and_something_to_none() {
        let texts = texts::load(None).unwrap();
        let trace = trace(&texts, &shipped().answer);
        assert!(trace.credits.len() >= 5, "{:?}", trace.credits);
        assert!(trace.explained > 0 && trace.explained < trace.total, "{} of {}", trace.explained, trace.total);
    }

    #[test]
    fn a_composed_answer_is_traced_to_the_texts_that_it_is_made_of() {
        let texts = texts::load(None).unwrap();
        let question = composed(&texts);
        let trace = trace(&texts, &question.answer);
        let rows: Vec<u64> = trace.credits.iter().map(|credit| credit.row).collect();
        assert_eq!(rows, [0, 2, 4, 6, 8, 10]);
        assert!(trace.explained < trace.total);
    }

    #[test]
    fn a_quotation_of_a_copy_is_found_in_the_copy_and_owed_to_the_original() {
        let mut texts = texts::load(None).unwrap();
        let copy = texts::copy(&texts).unwrap().unwrap();
        let original = texts.iter().position(|text| copy.name.starts_with(&text.name)).unwrap() as u64;
        let row = texts.len() as u64;
        let question = quoting(shipped(), &copy);
        texts.push(copy);
        let trace = trace(&texts, &question.answer);
        assert!(trace.credits.iter().all(|credit| credit.origin != row), "{:?}", trace.credits);
        assert!(trace.credits.iter().any(|credit| (credit.row, credit.origin) == (row, original)), "{:?}", trace.credits);
        assert!(trace.withheld > 0);
    }

    #[test]
    fn a_session_has_twenty_questions_and_answers_that_all_differ() {
        let texts = texts::load(None).unwrap();
        let mut session = session(shipped(), &texts);
        assert_eq!(session.len(), ANSWERS);
        session.sort_by(|a, b| a.answer.cmp(&b.answer));
        session.dedup_by(|a, b| a.answer == b.answer || a.prompt == b.prompt);
        assert_eq!(session.len(), ANSWERS);
    }

    #[test]
    fn rewording_leaves_no_long_quotation() {
        let sentence: Vec<&str> = "The bow is long and the string is short because a bowyer must choose".split(' ').collect();
        assert_eq!(reword(&sentence), "The bow remains long as well as that string remains short since some bowyer has to choose");
    }

    #[test]
    fn any_text_has_something_to_quote() {
        for body in ["word", "no full stop in here at all", "Short. Very short."] {
            let texts = [Text { name: "odd".into(), body: body.into() }];
            assert!(composed(&texts).answer.contains(body.split(' ').next().unwrap()));
        }
    }
}
