package sample

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// longRow is a row that has cells: one kind of shape each, with ties, -Inf and NaN in it.
func longRow(r *rand.Rand, kind int) []float32 {
	n := cellsFrom + r.IntN(9000)
	x := randomLogits(r, n, []float64{0.1, 2, 6, 30}[kind%4])
	if kind%8 >= 4 {
		x = llmLogits(n, r.Uint64())
	}
	for range 200 {
		x[r.IntN(n)] = []float32{0, negInf, float32(math.NaN()), x[r.IntN(n)], float32(math.Copysign(0, -1))}[r.IntN(5)]
	}
	return x
}

// The sums of long rows, most of which are taken a cell at a time, are those of the tokens.
func TestCellsSum(t *testing.T) {
	r := rand.New(rand.NewPCG(41, 1))
	coarse := 0
	for i := range 60 {
		x := longRow(r, i)
		var c candidates
		c.minKeep = 1
		c.scan(x)
		for _, temp := range []float64{0.05, 0.5, 1, 1.7} {
			sum, moment := 0.0, 0.0
			for _, v := range x {
				if d := float64(v) - c.top; v > negInf {
					sum += math.Exp(d / temp)
					moment += math.Exp(d/temp) * d
				}
			}
			require.InEpsilon(t, sum, c.sumAll(stepsPerNat/temp), cellError, "row %d at %v", i, temp)
			if temp == 1 {
				gotSum, gotMoment := c.moments()
				require.InEpsilon(t, sum, gotSum, cellError)
				require.InDelta(t, moment/sum, gotMoment/gotSum, 30*cellError)
				require.True(t, c.all)
			}
			if _, ok := c.weighHead(stepsPerNat / temp); ok && len(c.ids) < c.cells.n/8 {
				coarse++
			}
		}
		n := 0
		for _, w := range x {
			if w > negInf {
				n++
			}
		}
		require.Equal(t, n, c.cells.n)
		for _, k := range []int{1, 100, n / 2, n} {
			last := c.cells.boundOf(k)
			reach, above := 0, 0
			for _, w := range x {
				if float64(w) >= last.lo {
					reach++
				}
				if float64(w) > last.lo+last.width {
					above++
				}
			}
			require.GreaterOrEqual(t, reach, k)
			require.Less(t, above, k)
		}
	}
	require.Greater(t, coarse, 80, "too few rows were weighed by the cell for the test to show anything")
}

// Every sampler over long rows gives the probability of its definition, for tokens of the head and for others.
func TestLongRowsAgreeWithDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(42, 1))
	chains := []Params{
		{Temperature: 1}, {Temperature: 1.5, TopP: 0.95}, {Temperature: 1.5, TopP: 0.9999}, {Temperature: 1, TypicalP: 0.3},
		{Temperature: 1.2, TypicalP: 0.95}, {Temperature: 2, TopK: 3000}, {Temperature: 8, TopK: 700}, {Temperature: 1, XTC: XTC{Probability: 1}},
		{Temperature: 0.3, XTC: XTC{Probability: 1, Threshold: 0.01}, MinKeep: 3}, {Temperature: 1.5, TopNSigma: 2},
		{Temperature: 1, DynamicTemperature: DynamicTemperature{Range: 0.5}}, {DynamicTemperature: DynamicTemperature{Range: 2}},
		{Temperature: 1, AdaptiveP: AdaptiveP{Target: 0.5}}, {Temperature: 0.7, AdaptiveP: AdaptiveP{Target: 0.02}},
		{Temperature: 1, XTC: XTC{Probability: 1}, AdaptiveP: AdaptiveP{Target: 0.3}},
		{Temperature: 1, XTC: XTC{Probability: 1}, DynamicTemperature: DynamicTemperature{Range: 0.5}},
	}
	for i := range 64 {
		x := longRow(r, i)
		for _, p := range chains {
			p.Seed = r.Uint64()
			without, with := naiveChain(p, x)
			want := without
			if p.XTC.Probability == 1 {
				want = with
			}
			s := mustNew(t, p, len(x))
			for range 3 {
				c, err := s.Sample(x)
				require.NoError(t, err)
				q, ok := want[int(c.ID)]
				require.True(t, ok, "row %d: token outside the candidates of %+v", i, p)
				require.InDelta(t, q, float64(c.Prob), 2e-7, "row %d, %+v", i, p)
				require.InEpsilon(t, q, float64(c.Prob), 3e-6, "row %d, %+v", i, p)
			}
		}
	}
}

// Equal logits at the border of the top are kept by id, 0 and -0 being equal.
func TestTopOfLongRowWithTies(t *testing.T) {
	x := make([]float32, cellsFrom)
	for i := range x {
		x[i] = []float32{0, float32(math.Copysign(0, -1)), -1, 1}[i%4]
	}
	for _, k := range []int{300, 1024, 1025, 1500, 3071, 3073} {
		var c candidates
		c.scan(x)
		c.keepTop(k)
		want := map[int32]bool{}
		for _, n := range newNaive(x).keep(k, 1) {
			want[int32(n.id)] = true
		}
		require.Len(t, c.ids, k)
		for _, id := range c.ids {
			require.True(t, want[id], "top %d has token %d", k, id)
		}
	}
}

// Mirostat over long rows.
func TestMirostatOfLongRows(t *testing.T) {
	r := rand.New(rand.NewPCG(43, 1))
	for i := range 24 {
		x := longRow(r, i)
		for _, version := range []MirostatVersion{MirostatV1, MirostatV2} {
			p := Params{Temperature: 0.9, Seed: r.Uint64(), Mirostat: Mirostat{Version: version, Tau: 4}}
			c, err := mustNew(t, p, len(x)).Sample(x)
			require.NoError(t, err)
			want, ok := naiveMirostat(version, newNaive(x), len(x), 0.9, 8).dist(p)[int(c.ID)]
			require.True(t, ok, "row %d: token outside the candidates", i)
			require.InEpsilon(t, want, float64(c.Prob), 3e-6, "row %d", i)
		}
	}
}

// The draw over a long row takes tokens of the head and the others as often as their weights say.
func TestLongRowsAreDrawnFromEverywhere(t *testing.T) {
	x := llmLogits(cellsFrom, 3)
	for _, p := range []Params{{Temperature: 1.6, Seed: 1}, {Temperature: 1, Seed: 2, AdaptiveP: AdaptiveP{Target: 0.9, Decay: 0.5}}} {
		want, _ := naiveChain(p, x)
		stat, limit := chiSquare(draws(t, mustNew(t, p, len(x)), x, 40000), want)
		require.LessOrEqual(t, stat, limit, "%+v", p)
	}
	var c candidates
	c.scan(x)
	h, ok := c.weighHead(stepsPerNat / 1.6)
	require.True(t, ok)
	require.Greater(t, h.rest/(h.sum+h.rest), 1e-3, "nothing is ever drawn from the rest, so the test shows nothing")
}
