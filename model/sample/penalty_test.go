package sample

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// adjusted returns what the chain sees of logits.
func adjusted(t *testing.T, p Params, logits []float32, text ...int32) []float32 {
	t.Helper()
	s := mustNew(t, p, len(logits))
	require.NoError(t, s.Accept(text...))
	before := append([]float32{}, logits...)
	x := append([]float32{}, s.adjust(logits, nil)...)
	require.Equal(t, before, logits, "logits are only read")
	return x
}

func TestPenaltiesByHand(t *testing.T) {
	logits := []float32{2, -2, 0, 4}
	for name, c := range map[string]struct {
		p    Params
		text []int32
		want []float32
	}{
		"none":                  {Params{}, []int32{0, 1}, []float32{2, -2, 0, 4}},
		"repetition":            {Params{RepetitionPenalty: 2}, []int32{0, 1, 2, 0}, []float32{1, -4, 0, 4}},
		"presence counts once":  {Params{PresencePenalty: 0.5}, []int32{0, 0, 2}, []float32{1.5, -2, -0.5, 4}},
		"frequency counts all":  {Params{FrequencyPenalty: 0.25}, []int32{0, 0, 2}, []float32{1.5, -2, -0.25, 4}},
		"together":              {Params{RepetitionPenalty: 2, PresencePenalty: 1, FrequencyPenalty: 0.5}, []int32{3, 3, 1}, []float32{2, -5.5, 0, 0}},
		"negative is a reward":  {Params{PresencePenalty: -1}, []int32{2}, []float32{2, -2, 1, 4}},
		"window of 2":           {Params{FrequencyPenalty: 1, PenaltyLastN: 2}, []int32{0, 3, 3, 1, 3}, []float32{2, -3, 0, 3}},
		"bias before penalties": {Params{RepetitionPenalty: 2, LogitBias: map[int32]float32{1: 6}}, []int32{1}, []float32{2, 2, 0, 4}},
		"ban":                   {Params{Banned: []int32{3}, LogitBias: map[int32]float32{3: 9}}, nil, []float32{2, -2, 0, negInf}},
	} {
		require.Equal(t, c.want, adjusted(t, c.p, logits, c.text...), name)
	}
}

func TestPenaltyWindowSlides(t *testing.T) {
	r := rand.New(rand.NewPCG(41, 42))
	for _, n := range []int{-1, 1, 2, 31, 32, 64, 100} {
		p := Params{FrequencyPenalty: 0.5, PresencePenalty: 0.25, PenaltyLastN: n}
		s := mustNew(t, p, 9)
		var text []int32
		for i := range 500 {
			id := int32(r.IntN(9))
			text = append(text, id)
			require.NoError(t, s.Accept(id))
			if i%7 == 0 {
				logits := randomLogits(r, 9, 1)
				require.Equal(t, naiveAdjust(p, text, logits), s.adjust(logits, nil), "window %d after %d", n, i+1)
			}
		}
		if n > 0 {
			require.LessOrEqual(t, cap(s.hist.toks), 4*n+64, "memory stays bounded")
		}
	}
}

func TestPenaltiesKeepLogitsFinite(t *testing.T) {
	inf := float32(math.Inf(1))
	p := Params{RepetitionPenalty: 1e-300, PresencePenalty: math.MaxFloat64, FrequencyPenalty: math.MaxFloat64, DRY: DRY{Multiplier: 1e300, AllowedLength: 1}}
	x := adjusted(t, p, []float32{1, -1, inf, -inf}, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3)
	require.Equal(t, []float32{-math.MaxFloat32, -math.MaxFloat32, inf, -inf}, x)
}

func TestDRYByHand(t *testing.T) {
	const a, b, c, y = 0, 1, 2, 3
	zero := make([]float32, 5)
	d := DRY{Multiplier: 1, Base: 2}
	with := func(f func(*DRY)) Params {
		e := d
		f(&e)
		return Params{DRY: e}
	}
	same := func(*DRY) {}
	// The example of llama.cpp's comment: after "a b c c b c y a b c" the token c would repeat three tokens (a b c c),
	// y two (b c y) and b one (c b).
	text := []int32{a, b, c, c, b, c, y, a, b, c}
	for name, k := range map[string]struct {
		p    Params
		text []int32
		want []float32
	}{
		"example":                {with(same), text, []float32{0, 0, -2, -1, 0}},
		"allowed length 1":       {with(func(d *DRY) { d.AllowedLength = 1 }), text, []float32{0, -1, -4, -2, 0}},
		"allowed length 3":       {with(func(d *DRY) { d.AllowedLength = 3 }), text, []float32{0, 0, -1, 0, 0}},
		"default base 1.75":      {Params{DRY: DRY{Multiplier: 2}}, text, []float32{0, 0, -3.5, -2, 0}},
		"last 6":                 {with(func(d *DRY) { d.LastN = 6 }), text, []float32{0, 0, 0, -1, 0}},
		"breaker a":              {with(func(d *DRY) { d.Breakers = [][]int32{{a}} }), text, []float32{0, 0, -1, -1, 0}},
		"breaker c":              {with(func(d *DRY) { d.Breakers = [][]int32{{c}} }), text, []float32{0, 0, 0, 0, 0}},
		"breaker y is no target": {with(func(d *DRY) { d.Breakers = [][]int32{{y}} }), text, []float32{0, 0, -2, 0, 0}},
		"breaker y a":            {with(func(d *DRY) { d.Breakers = [][]int32{{y, a}, {4, 4}} }), text, []float32{0, 0, -1, -1, 0}},
		"short text":             {with(same), []int32{a, a}, zero},
		"run of one token":       {with(same), []int32{a, a, a, a, a}, []float32{-4, 0, 0, 0, 0}},
	} {
		require.Equal(t, k.want, adjusted(t, k.p, zero, k.text...), name)
	}
}

func TestDRYAgreesWithDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(51, 52))
	for range 3000 {
		vocab := 2 + r.IntN(3)
		p := Params{DRY: DRY{Multiplier: 0.5, Base: 1 + r.Float64(), AllowedLength: 1 + r.IntN(3), LastN: r.IntN(40) - 1}}
		for range r.IntN(3) {
			br := make([]int32, 1+r.IntN(3))
			for i := range br {
				br[i] = int32(r.IntN(vocab))
			}
			p.DRY.Breakers = append(p.DRY.Breakers, br)
		}
		text := make([]int32, r.IntN(60))
		for i := range text {
			text[i] = int32(r.IntN(vocab))
		}
		logits := make([]float32, vocab)
		require.InDeltaSlice(t, naiveAdjust(p, text, logits), adjusted(t, p, logits, text...), 1e-3, "%+v %v", p.DRY, text)
	}
}
