//! The whole loop, from the first text to the last claim.

use super::{
    answer::{self, Question},
    cast::Cast,
    checks::{self, Verdict},
    datanets::{self, Datanet, Refined, Release},
    display::{self, Steps},
    dispute, government, ledger, market,
    market::Settled,
    models::{self, Model, Source},
    reference::Reference,
    review,
    texts::{self, Text},
};
use crate::{chain::Chain, error::Error};
use alloy_primitives::U256;

/// What the story runs on, and what it found.
#[derive(Debug)]
pub(crate) struct Story<'a> {
    pub(crate) chain: &'a Chain,
    pub(crate) cast: Cast,
    /// Whether days can be made to pass.
    pub(crate) can_jump: bool,
    pub(crate) steps: Steps,
    pub(crate) verdict: Verdict,
}

/// Blocks that are looked at again once they are on L1.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Blocks {
    pub(crate) settled: u64,
    /// The settlement in it.
    pub(crate) settlement: U256,
    pub(crate) last: u64,
}

/// The open datanet with everything in it.
struct Library {
    datanet: Datanet,
    release: Release,
    refined: Option<Refined>,
    copy: Option<Text>,
}

impl Story<'_> {
    /// Tells all of it.
    pub(crate) async fn tell(&mut self, texts: Vec<Text>, question: Question) -> Result<Blocks, Error> {
        if self.can_jump {
            review::join(self.chain, &self.cast).await?;
        }
        let mut library = self.contribute(texts).await?;
        let mut question = question;
        if let Some(copy) = &library.copy {
            question = answer::quoting(question, copy);
        }
        if library.refined.is_some() {
            question = answer::with_words(question, texts::NOTE);
        }
        let reviewed = if self.can_jump { Some(self.review().await?) } else { None };
        if let Some((datanet, _)) = &reviewed {
            question = answer::quoting(question, &datanet.texts[0]);
        }
        let reviewed_texts = reviewed.iter().flat_map(|(datanet, _)| &datanet.texts);
        let answered: Vec<Text> = library.datanet.texts.iter().chain(reviewed_texts).cloned().collect();
        let questions = answer::session(question, &answered);

        let (model, settled, reference) = self.sell(&mut library, reviewed.as_ref(), &questions).await?;
        self.check_payment(&library, &settled, &reference)?;
        let mut blocks = Blocks { settled: settled.block, settlement: settled.event.settlementId, last: settled.block };
        let datanets: Vec<U256> = std::iter::once(library.datanet.id).chain(reviewed.iter().map(|(datanet, _)| datanet.id)).collect();
        let epoch = ledger::epoch(self.chain).await?;
        let mut drawn = U256::ZERO;
        if self.can_jump {
            self.dispute_and_decide(model, &settled).await?;
            drawn = ledger::draw(self.chain, &self.cast, &datanets, epoch).await?;
        }
        self.steps.next("Everybody claims");
        let claims = ledger::claim(self.chain, &self.cast).await?;
        display::claims(&self.cast, &claims, drawn);
        blocks.last = claims.iter().map(|claim| claim.block).max().unwrap_or(settled.block);
        checks::copies_earn_nothing(&mut self.verdict, self.chain, self.cast.copier.address(), blocks.last).await?;
        ledger::money_agrees(&mut self.verdict, self.chain, &claims, blocks.last).await?;
        ledger::stakes_agree(&mut self.verdict, self.chain, blocks.last).await?;
        Ok(blocks)
    }

    /// Texts, a copy with other words here and there, and a refinement go into an open datanet, which is released.
    async fn contribute(&mut self, texts: Vec<Text>) -> Result<Library, Error> {
        let (chain, cast) = (self.chain, &self.cast);
        let (copy, refinement) = (texts::copy(&texts)?, texts::refinement(&texts)?);
        let mut datanet = datanets::found(chain, cast, "How things work", datanets::open()).await?;
        self.steps.next(&format!("{} texts of {} contributors go into datanet {}", texts.len(), cast.contributors.len(), datanet.id));
        for (index, text) in texts.iter().enumerate() {
            let (event, block) = datanets::contribute(chain, cast.contributor_of(index), &mut datanet, text).await?;
            display::contributed(&event, text, block);
        }
        if let Some(copy) = &copy {
            let (event, block) = datanets::contribute(chain, &cast.copier, &mut datanet, copy).await?;
            display::contributed(&event, copy, block);
        }
        let mut refined = None;
        if let Some((parent, text)) = &refinement {
            let made = datanets::refine(chain, cast, &mut datanet, (*parent, text)).await?;
            display::refined(&made, text);
            refined = Some(made);
        }
        let release = datanets::publish(chain, cast, &datanet).await?;
        display::released(&datanet, release);
        Ok(Library { datanet, release, refined, copy })
    }

    /// Two folders go into a datanet with reviews: one that deserves it, one that does not.
    async fn review(&mut self) -> Result<(Datanet, Release), Error> {
        let (chain, cast) = (self.chain, &self.cast);
        let mut datanet = datanets::found(chain, cast, "Read before it counts", review::reviewed()).await?;
        self.steps.next(&format!("Folders are committed to, shown and reviewed in datanet {}", datanet.id));
        let spam = review::hand_in(chain, &cast.copier, &datanet, texts::spam()).await?;
        let good = review::hand_in(chain, &cast.newcomer, &datanet, texts::reviewed()).await?;
        let against = review::judge(chain, cast, spam.case, (false, "an offer, and nothing to learn from it")).await?;
        let in_favour = review::judge(chain, cast, good.case, (true, "two trades, well described")).await?;
        let outcomes = review::close(chain, cast, &[spam.case, good.case]).await?;
        let rows = review::append(chain, &cast.newcomer, &mut datanet, &good).await?;
        display::reviewed((&good, &in_favour), (&spam, &against));
        let [accepted, rejected] = [review::commitment(chain, &good).await?, review::commitment(chain, &spam).await?];
        let release = datanets::publish(chain, cast, &datanet).await?;
        display::released(&datanet, release);
        let stages = (accepted.stage, rejected.stage) == (review::COMPLETE, review::REJECTED);
        self.verdict.check("review accepted the folder and rejected the offer", outcomes == [false, true] && stages);
        let all = rows.len() == good.texts.len() && rows.iter().all(|row| row.account == cast.newcomer.address());
        self.verdict.check("all of the folder, and nothing else, is in the datanet", all && datanet.texts.len() == rows.len());
        Ok((datanet, release))
    }

    /// A model with lineage answers twenty questions, for which the payer signs, and which are settled at once.
    async fn sell(
        &mut self,
        library: &mut Library,
        reviewed: Option<&(Datanet, Release)>,
        questions: &[Question],
    ) -> Result<(Model, Settled, Reference), Error> {
        let (chain, cast) = (self.chain, &self.cast);
        let late = Text { name: "the answer, copied".to_owned(), body: questions[0].answer.clone() };
        let (model, opened) = {
            let sources = sources(library, reviewed);
            self.steps.next("A model is made from another, and both from releases");
            let base = models::base(chain, cast, &sources).await?;
            let child = models::child(chain, cast, &sources, base).await?;
            display::models(base, child, &sources);
            market::serve(chain, cast, child).await?;
            (child, market::open(chain, cast, child, (&questions[0].prompt, questions.len() as u32)).await?)
        };
        self.steps.next(&format!("{} answers are paid for, signed for and settled", questions.len()));
        // Somebody else's words are not the copier's, handed in once the answer is known.
        datanets::contribute(chain, &cast.copier, &mut library.datanet, &late).await?;
        let settled = market::settle(chain, cast, opened, questions).await?;
        let sources = sources(library, reviewed);
        let reference = Reference::compute(&sources, &settled)?;
        display::session(cast, &settled, &questions[0]);
        display::payout(cast, (&sources, &settled), &reference);
        checks::traces_agree(&mut self.verdict, chain, (&sources, &settled), &reference).await?;
        let lineage = models::lineage(chain, model).await?;
        let owners = [cast.researcher.address(), cast.operator.address()];
        let both = lineage.len() == 2 && owners.iter().all(|owner| lineage.iter().any(|(account, _)| account == owner));
        self.verdict.check("the lineage names the owners of both models", both);
        Ok((model, settled, reference))
    }

    fn check_payment(&mut self, library: &Library, settled: &Settled, reference: &Reference) -> Result<(), Error> {
        checks::payment_agrees(&mut self.verdict, &self.cast, settled, reference);
        match &library.refined {
            Some(refined) => checks::refinement_earns(&mut self.verdict, (&library.datanet, refined), settled),
            None => Ok(()),
        }
    }

    /// An operator loses a dispute, and governance changes a parameter, for what is opened from then on.
    async fn dispute_and_decide(&mut self, model: Model, settled: &Settled) -> Result<(), Error> {
        let (chain, cast) = (self.chain, &self.cast);
        self.steps.next("An answer is disputed");
        let dispute = dispute::run(chain, cast, model).await?;
        display::dispute(cast, &dispute);
        self.verdict.check("the payer has its money back and half of what the operator lost", dispute.is_right());

        self.steps.next("Governance changes a parameter");
        let decision = government::decide(chain, cast, model).await?;
        display::decision(cast, &decision);
        let changed = decision.after == decision.voted && U256::from(decision.quoted) == decision.voted;
        self.verdict.check("what was voted is in force for sessions to come", changed && decision.before != decision.after);
        let closed = market::close(chain, cast, &[settled.session, dispute.session]).await?;
        self.verdict.check("the sessions are closed, and keep none of the operator's stake", closed);
        Ok(())
    }
}

/// What answers for the model: seven tenths the open datanet, where there are two.
fn sources<'a>(library: &'a Library, reviewed: Option<&'a (Datanet, Release)>) -> Vec<Source<'a>> {
    let source = |datanet, release, weight_bps| Source { datanet, release, weight_bps };
    match reviewed {
        None => vec![source(&library.datanet, library.release, 10_000)],
        Some((datanet, release)) => {
            vec![source(&library.datanet, library.release, 7_000), source(datanet, *release, 3_000)]
        }
    }
}
