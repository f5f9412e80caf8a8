// Package sample turns the logits of one row into a token id: penalties, truncation samplers, temperature and a
// reproducible draw, as users know them from llama.cpp. It also cuts generated text at stop strings. It must not
// import anything of this module.
//
//	s, err := sample.New(sample.Params{Temperature: 0.8, TopK: 40, TopP: 0.95, MinP: 0.05, Seed: 7}, len(logits))
//	...
//	c, err := s.Sample(logits) // logits are only read
//	err = s.Accept(c.ID)       // for the penalties
//
// # Chain
//
// Sample applies, in this order, what [Params] switches on:
//
//	mask → logit bias → bans → repetition, frequency, presence penalty → DRY
//	→ top-n-sigma → top-k → typical → top-p → min-p → XTC → temperature (dynamic) → draw or adaptive-p
//
// With Mirostat on, the truncation samplers of the second line are replaced: penalties → temperature → Mirostat.
// With Temperature 0 and no dynamic range the token is the most probable one that is left (greedy).
//
// # Rules that hold everywhere
//
//   - A logit that is NaN counts as -Inf: the token cannot be chosen. If the greatest logit is +Inf, the tokens that
//     have it are the only candidates and are equally probable.
//   - The total order of tokens is: greater logit first, lower id first among equal logits. -0 and +0 are equal. Every
//     tie in every sampler is broken by it.
//   - Candidates are walked in the order of their ids when probabilities are summed and when the token is drawn.
//   - Same Params, same calls and same logits give the same tokens on every machine, instruction set and build:
//     see RATIONALE.md for how.
//
// A [Sampler] and a [StopMatcher] are used by one goroutine at a time; different ones are independent.
package sample
