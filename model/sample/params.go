package sample

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
)

// Params says how a token is chosen. The zero value is greedy and valid. Fields that switch something off at zero say
// so; a zero that means a default says which. Numbers are checked by [Params.Validate].
type Params struct {
	// Temperature divides the logits before the draw: p_i ∝ exp(x_i/T). 0 chooses the most probable token; otherwise
	// 1e-6 to 1e6. A model's own distribution is at 1.
	Temperature float64
	// DynamicTemperature moves the temperature with the entropy of the candidates.
	DynamicTemperature DynamicTemperature

	// TopK keeps the K most probable tokens (Fan et al. 2018, arXiv:1805.04833). 0 is off; above the vocabulary it keeps all.
	TopK int
	// TopP keeps the shortest list of most probable tokens whose probabilities sum to at least P (nucleus sampling,
	// Holtzman et al. 2019, arXiv:1904.09751). 0 and 1 are off. A server that is sent top_p = 0 should set Temperature 0.
	TopP float64
	// MinP keeps the tokens with p_i ≥ MinP·max p (Nguyen et al. 2024, arXiv:2407.01082). 0 is off; at most 1.
	MinP float64
	// TypicalP orders tokens by | -ln p_i - H |, H being the entropy, and keeps the shortest list whose probabilities
	// sum to at least P (locally typical sampling, Meister et al. 2022, arXiv:2202.00666). 0 and 1 are off. The most
	// probable token may fall out.
	TypicalP float64
	// TopNSigma keeps the tokens with x_i ≥ max x - N·σ, σ being the population standard deviation of the logits above
	// -Inf (Tang et al. 2024, arXiv:2411.07641). 0 is off.
	TopNSigma float64
	// XTC removes the most probable tokens now and then.
	XTC XTC
	// AdaptiveP draws tokens whose probabilities are near a target.
	AdaptiveP AdaptiveP
	// Mirostat replaces the truncation samplers, XTC and AdaptiveP by control of surprise.
	Mirostat Mirostat

	// RepetitionPenalty R divides a positive logit and multiplies another of every token among the last PenaltyLastN
	// (Keskar et al. 2019, arXiv:1909.05858; the multiplication is llama.cpp's). 0 and 1 are off; below 1 encourages.
	RepetitionPenalty float64
	// PresencePenalty is subtracted once from the logit of every token among the last PenaltyLastN (OpenAI). 0 is off.
	PresencePenalty float64
	// FrequencyPenalty is subtracted as often as the token occurs among the last PenaltyLastN (OpenAI). 0 is off.
	FrequencyPenalty float64
	// PenaltyLastN is the number of accepted tokens the three penalties look back on. 0 is 64 (llama.cpp), -1 is all.
	PenaltyLastN int
	// DRY penalises tokens that would continue a repetition.
	DRY DRY

	// LogitBias is added to the logits of single tokens, before everything else. Values are finite; to exclude a token
	// use Banned.
	LogitBias map[int32]float32
	// Banned tokens are never chosen.
	Banned []int32

	// MinKeep is the number of candidates that every truncation sampler leaves at least, where there are as many: the
	// most probable ones (for TypicalP the most typical). 0 is 1. Mirostat ignores it.
	MinKeep int
	// Seed starts the random numbers. There is no value for a random seed: the caller draws one and can log it.
	Seed uint64
	// LogProb asks for Choice.LogProb, which takes one more pass over all logits.
	LogProb bool
}

// DynamicTemperature replaces the temperature T by
//
//	T' = lo + (hi-lo)·(H/ln n)^Exponent,  lo = max(0, T-Range), hi = T+Range
//
// where H is the entropy of the n candidates that are left (llama.cpp, temp-ext; kalomaze's "entropy sampling"). One
// candidate needs none. A T' below 1e-6 chooses the most probable candidate.
type DynamicTemperature struct {
	Range    float64 // 0 is off
	Exponent float64 // 0 is 1
}

// XTC ("exclude top choices", p-e-w, text-generation-webui pull request 6335; llama.cpp): with the given probability,
// of all candidates with p_i ≥ Threshold only the least probable is kept, beside those below the threshold. Each call
// takes one random number for it.
type XTC struct {
	Probability float64 // 0 is off; at most 1
	Threshold   float64 // 0 is 0.1; at most 0.5, above which no two tokens can reach it
}

// AdaptiveP holds the mean probability of the chosen tokens near Target (MrJackSpade and ddh0, llama.cpp pull request
// 17927). In place of the draw, the probabilities p_i of the candidates at the temperature are replaced by
//
//	q_i ∝ exp(5 - 10·d²/(1+d)),  d = |p_i - a|/0.3,  a = 2·Target - m within 0 to 1
//
// where m is the moving mean of the p_i of the tokens that were chosen and then accepted: m = (1-Decay)·p_i + Decay·m,
// Target at first. It needs a temperature. Improbable tokens keep a weight each, so a little MinP before it is advised.
type AdaptiveP struct {
	Target float64 // 0 is off (llama.cpp: below 0); at most 1
	Decay  float64 // 0 is 0.9; at most 0.99
}

// MirostatVersion chooses the algorithm.
type MirostatVersion int

// Versions of Mirostat.
const (
	MirostatOff MirostatVersion = iota
	// MirostatV1 estimates the exponent of Zipf's law from the 100 most probable tokens and computes a top-k from it.
	MirostatV1
	// MirostatV2 keeps the tokens whose surprise -log2 p is at most μ.
	MirostatV2
)

// Mirostat holds the surprise of the text, in bits per token, near Tau (Basu et al. 2020, arXiv:2007.14966; llama.cpp):
// after each draw μ -= Eta·(surprise - Tau), where surprise is -log2 of the probability among the kept candidates. μ
// starts at 2·Tau. It needs a temperature; the truncation samplers and XTC are not run.
type Mirostat struct {
	Version MirostatVersion
	Tau     float64 // 0 is 5
	Eta     float64 // 0 is 0.1; at most 1
}

// DRY ("don't repeat yourself", p-e-w, text-generation-webui pull request 5677; llama.cpp after pi6am): if choosing a
// token would lengthen a sequence of n ≥ AllowedLength tokens that ends the text and occurred before,
// Multiplier·Base^(n-AllowedLength) is subtracted from its logit, n being the longest such.
type DRY struct {
	Multiplier    float64 // 0 is off; a usual value is 0.8
	Base          float64 // 0 is 1.75; otherwise at least 1
	AllowedLength int     // 0 is 2
	LastN         int     // accepted tokens looked back on; 0 and -1 are all of them
	// Breakers are token sequences across which a repetition is not counted, such as the tokens of "\n" or `"`. A
	// breaker of one token is never penalised itself. The caller tokenizes; all tokenizations of a string that can
	// occur in text should be given.
	Breakers [][]int32
}

const (
	defaultPenaltyLastN = 64   // llama.cpp, common_params_sampling
	defaultXTCThreshold = 0.1  // the same
	defaultTau          = 5    // the same
	defaultEta          = 0.1  // the same
	defaultDecay        = 0.9  // the same
	defaultDRYBase      = 1.75 // the same
	defaultDRYAllowed   = 2    // the same
	minTemperature      = 1e-6
	maxTemperature      = 1e6
)

// Validate returns all problems, one line each with the field, its value and the bound, or nil.
func (p Params) Validate() error { return p.validate(math.MaxInt32) }

// validate also checks that token ids are below vocab.
func (p *Params) validate(vocab int) error {
	var c checker
	c.rangeOr(p.Temperature, 0, minTemperature, maxTemperature, "Temperature", "0 (greedy)")
	c.atLeast(p.DynamicTemperature.Range, 0, "DynamicTemperature.Range")
	if p.DynamicTemperature.Range > maxTemperature {
		c.add("DynamicTemperature.Range is %v, want at most %v", p.DynamicTemperature.Range, maxTemperature)
	}
	c.atLeast(p.DynamicTemperature.Exponent, 0, "DynamicTemperature.Exponent")
	c.intAtLeast(p.TopK, 0, "TopK", "0 for off")
	c.within(p.TopP, 0, 1, "TopP")
	c.within(p.MinP, 0, 1, "MinP")
	c.within(p.TypicalP, 0, 1, "TypicalP")
	c.atLeast(p.TopNSigma, 0, "TopNSigma")
	c.within(p.XTC.Probability, 0, 1, "XTC.Probability")
	c.within(p.XTC.Threshold, 0, 0.5, "XTC.Threshold")
	c.within(p.AdaptiveP.Target, 0, 1, "AdaptiveP.Target")
	c.within(p.AdaptiveP.Decay, 0, 0.99, "AdaptiveP.Decay")
	if p.AdaptiveP.Target > 0 && p.Temperature == 0 && p.DynamicTemperature.Range == 0 {
		c.add("AdaptiveP.Target is %v at Temperature 0, want a Temperature above 0", p.AdaptiveP.Target)
	}
	if v := p.Mirostat.Version; v < MirostatOff || v > MirostatV2 {
		c.add("Mirostat.Version is %d, want 0 (off), 1 or 2", v)
	} else if v != MirostatOff && p.Temperature == 0 && p.DynamicTemperature.Range == 0 {
		c.add("Mirostat.Version is %d at Temperature 0, want a Temperature above 0", v)
	}
	c.atLeast(p.Mirostat.Tau, 0, "Mirostat.Tau")
	c.within(p.Mirostat.Eta, 0, 1, "Mirostat.Eta")
	c.atLeast(p.RepetitionPenalty, 0, "RepetitionPenalty")
	c.finite(p.PresencePenalty, "PresencePenalty")
	c.finite(p.FrequencyPenalty, "FrequencyPenalty")
	c.intAtLeast(p.PenaltyLastN, -1, "PenaltyLastN", "-1 for all")
	c.atLeast(p.DRY.Multiplier, 0, "DRY.Multiplier")
	c.rangeOr(p.DRY.Base, 0, 1, math.MaxFloat32, "DRY.Base", "0 for 1.75")
	c.intAtLeast(p.DRY.AllowedLength, 0, "DRY.AllowedLength", "0 for 2")
	c.intAtLeast(p.DRY.LastN, -1, "DRY.LastN", "-1 for all")
	for i, b := range p.DRY.Breakers {
		if len(b) == 0 {
			c.add("DRY.Breakers[%d] is empty, want at least one token", i)
		}
		for j, id := range b {
			c.id(id, vocab, "DRY.Breakers[%d][%d]", i, j)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(p.LogitBias)) {
		c.id(id, vocab, "LogitBias key")
		c.finite(float64(p.LogitBias[id]), fmt.Sprintf("LogitBias[%d]", id))
	}
	for i, id := range p.Banned {
		c.id(id, vocab, "Banned[%d]", i)
	}
	c.intAtLeast(p.MinKeep, 0, "MinKeep", "0 for 1")
	return errors.Join(c.problems...)
}

// withDefaults returns p with the zeros that mean a default replaced.
func (p Params) withDefaults() Params {
	orFloat := func(v *float64, d float64) {
		if *v == 0 {
			*v = d
		}
	}
	orFloat(&p.DynamicTemperature.Exponent, 1)
	orFloat(&p.XTC.Threshold, defaultXTCThreshold)
	orFloat(&p.AdaptiveP.Decay, defaultDecay)
	orFloat(&p.Mirostat.Tau, defaultTau)
	orFloat(&p.Mirostat.Eta, defaultEta)
	orFloat(&p.RepetitionPenalty, 1)
	orFloat(&p.DRY.Base, defaultDRYBase)
	if p.PenaltyLastN == 0 {
		p.PenaltyLastN = defaultPenaltyLastN
	}
	if p.DRY.AllowedLength == 0 {
		p.DRY.AllowedLength = defaultDRYAllowed
	}
	if p.DRY.LastN == 0 {
		p.DRY.LastN = -1
	}
	p.MinKeep = max(p.MinKeep, 1)
	return p
}

// checker collects problems. Comparisons are written so that NaN is one.
type checker struct{ problems []error }

func (c *checker) add(format string, args ...any) {
	c.problems = append(c.problems, fmt.Errorf("sample: Params."+format, args...))
}

func (c *checker) within(v, lo, hi float64, name string) {
	if !(v >= lo && v <= hi) {
		c.add("%s is %v, want %v to %v", name, v, lo, hi)
	}
}

func (c *checker) rangeOr(v, other, lo, hi float64, name, otherName string) {
	if v != other && !(v >= lo && v <= hi) {
		c.add("%s is %v, want %s or %v to %v", name, v, otherName, lo, hi)
	}
}

func (c *checker) atLeast(v, lo float64, name string) {
	if !(v >= lo && v <= math.MaxFloat64) {
		c.add("%s is %v, want a finite number of at least %v", name, v, lo)
	}
}

func (c *checker) finite(v float64, name string) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		c.add("%s is %v, want a finite number", name, v)
	}
}

func (c *checker) intAtLeast(v, lo int, name, meaning string) {
	if v < lo {
		c.add("%s is %d, want at least %d (%s)", name, v, lo, meaning)
	}
}

func (c *checker) id(id int32, vocab int, format string, args ...any) {
	if id < 0 || int(id) >= vocab {
		c.add("%s is token %d, want 0 to %d", fmt.Sprintf(format, args...), id, vocab-1)
	}
}
