package sample

import (
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// allOn uses every kind of state: history for both penalties, two random numbers a token.
var allOn = Params{
	Temperature: 1.1, TopK: 50, TopP: 0.98, MinP: 0.001, XTC: XTC{Probability: 0.4}, Seed: 42,
	RepetitionPenalty: 1.2, FrequencyPenalty: 0.1, PresencePenalty: 0.05, PenaltyLastN: 20,
	DRY: DRY{Multiplier: 0.8, LastN: 100, Breakers: [][]int32{{13}, {4, 5}}},
}

func run(t testing.TB, s *Sampler, from, n int) []int32 {
	t.Helper()
	var ids []int32
	for i := range n {
		c, err := s.Sample(fixedLogits(s.vocab, uint64(from+i)))
		require.NoError(t, err)
		require.NoError(t, s.Accept(c.ID))
		ids = append(ids, c.ID)
	}
	return ids
}

// Recorded on amd64; see TestNumbersAreTheSameEverywhere.
func TestTokensAreTheSameEverywhere(t *testing.T) {
	want := map[string][]int32{
		"all on":    {1811, 280, 1802, 1688, 358, 1697, 781, 1356, 1050, 1912, 481, 1530},
		"dense":     {1879, 1440, 1745, 1717, 1398, 639, 1894, 1353, 1716, 776, 560, 1741},
		"dynamic":   {1405, 1210, 1632, 904, 1573, 701, 1176, 1393, 1186, 1215, 1217, 1556},
		"mirostat1": {1186, 472, 427, 536, 129, 1941, 1764, 1178, 1481, 1323, 440, 832},
		"mirostat2": {1038, 2, 1047, 482, 1631, 1684, 622, 777, 1195, 640, 1211, 352},
		"nucleus":   {1825, 2, 1024, 560, 1140, 772, 1257, 1209, 1968, 1838, 1572, 1744},
		"sigma":     {235, 736, 1460, 12, 90, 1473, 1931, 84, 1104, 1536, 14, 1688},
		"typical":   {1594, 99, 1302, 1108, 1218, 37, 1516, 1958, 593, 31, 606, 1486},
	}
	params := map[string]Params{
		"all on":    allOn,
		"dense":     {Temperature: 3, Seed: 1},
		"nucleus":   {Temperature: 2, TopP: 0.9, Seed: 2},
		"typical":   {Temperature: 2, TypicalP: 0.7, Seed: 3},
		"sigma":     {Temperature: 4, TopNSigma: 1, Seed: 4},
		"dynamic":   {Temperature: 3, DynamicTemperature: DynamicTemperature{Range: 2, Exponent: 0.7}, Seed: 5},
		"mirostat1": {Temperature: 4, Mirostat: Mirostat{Version: MirostatV1}, Seed: 6},
		"mirostat2": {Temperature: 4, Mirostat: Mirostat{Version: MirostatV2}, Seed: 7},
	}
	for name, p := range params {
		require.Equal(t, want[name], run(t, mustNew(t, p, 2000), 0, 12), name)
	}
}

func TestSameSeedSameTokens(t *testing.T) {
	a, b := mustNew(t, allOn, 500), mustNew(t, allOn, 500)
	other := allOn
	other.Seed++
	first := run(t, a, 0, 60)
	require.Equal(t, first, run(t, b, 0, 60))
	require.NotEqual(t, first, run(t, mustNew(t, other, 500), 0, 60))
	a.Reset()
	require.Equal(t, first, run(t, a, 0, 60), "Reset starts again")
}

func TestCloneAndRestoreContinueExactly(t *testing.T) {
	miro := Params{Temperature: 2, Mirostat: Mirostat{Version: MirostatV2}, RepetitionPenalty: 1.3, PenaltyLastN: -1}
	for name, p := range map[string]Params{"all on": allOn, "mirostat": miro, "adaptive-p": {Temperature: 2, AdaptiveP: AdaptiveP{Target: 0.3}}, "short": {Temperature: 1, PresencePenalty: 1, PenaltyLastN: 1}} {
		for _, at := range []int{0, 1, 19, 20, 21, 40, 99, 250} {
			s := mustNew(t, p, 300)
			run(t, s, 0, at)
			clone := s.Clone()
			data, err := json.Marshal(s.State())
			require.NoError(t, err)
			want := run(t, s, at, 50)
			require.Equal(t, want, run(t, clone, at, 50), "%s: clone at %d", name, at)

			var st State
			require.NoError(t, json.Unmarshal(data, &st))
			restored := mustNew(t, p, 300)
			run(t, restored, 77, 5) // some other state
			require.NoError(t, restored.Restore(st))
			require.Equal(t, want, run(t, restored, at, 50), "%s: restored at %d", name, at)
			require.Equal(t, s.State(), restored.State())
		}
	}
}

func TestRestoreRefuses(t *testing.T) {
	s := mustNew(t, allOn, 300)
	run(t, s, 0, 30)
	before, good := s.State(), s.State()
	for want, change := range map[string]func(*State){
		"RNG of 3 bytes":          func(st *State) { st.RNG = []byte("pcg") },
		"Mu is NaN":               func(st *State) { st.Mu = math.NaN() },
		"History has 101 tokens":  func(st *State) { st.History = make([]int32, 101) },
		"History[1] is token 300": func(st *State) { st.History = []int32{2, 300} },
		"History[0] is token -1":  func(st *State) { st.History = []int32{-1} },
		"Mean is 2":               func(st *State) { st.Mean = 2 },
		"RNG of 0 bytes":          func(st *State) { st.RNG = nil },
	} {
		st := good
		change(&st)
		require.ErrorContains(t, s.Restore(st), want)
		require.Equal(t, before, s.State())
	}
}

func TestGreedyTakesTheFirstOfEqual(t *testing.T) {
	negZero := float32(math.Copysign(0, -1))
	for _, c := range []struct {
		logits []float32
		want   int32
	}{
		{[]float32{-1}, 0}, {[]float32{1, 3, 3, 2}, 1}, {[]float32{-5, -4, -4}, 1},
		{[]float32{-1, negZero, 0}, 1}, {[]float32{-1, 0, negZero}, 1},
		{[]float32{float32(math.NaN()), -7, 2}, 2},
	} {
		got, err := mustNew(t, Params{}, len(c.logits)).Sample(c.logits)
		require.NoError(t, err)
		require.Equal(t, c.want, got.ID, "%v", c.logits)
		require.Equal(t, float32(1), got.Prob)
	}
	long := make([]float32, 1000) // the tie is in another block
	for i := range long {
		long[i] = -1
	}
	long[300], long[700], long[701] = 0.5, 0.5, 0.5
	got, err := mustNew(t, Params{TopK: 1, TypicalP: 0.01, MinKeep: 2000}, 1000).Sample(long)
	require.NoError(t, err)
	require.Equal(t, int32(300), got.ID)
}

func TestTruncationKeepsTheFirstOfEqual(t *testing.T) {
	flat := make([]float32, 700)
	for name, p := range map[string]Params{
		"top-k": {Temperature: 1, TopK: 4}, "top-p": {Temperature: 1, TopP: 3.5 / 700}, "typical": {Temperature: 1, TypicalP: 3.5 / 700},
		"xtc + top-k": {Temperature: 1, TopK: 5, XTC: XTC{Probability: 1, Threshold: 0.1}},
	} {
		for id := range draws(t, mustNew(t, p, 700), flat, 300) {
			require.Less(t, id, 5, name)
			if name == "xtc + top-k" {
				require.Equal(t, 4, id, "XTC keeps the last of equal")
			}
		}
	}
}

func TestHardRows(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	params := map[string]Params{"greedy": {}, "mirostat1": {Temperature: 1, Mirostat: Mirostat{Version: 1}}, "mirostat2": {Temperature: 1, Mirostat: Mirostat{Version: 2}}}
	for name, p := range samplers {
		params[name] = p
	}
	params["all on"] = allOn
	params["top-p 0 and 1"] = Params{Temperature: 1, TopP: 1, TypicalP: 1, MinP: 1, TopK: math.MaxInt, MinKeep: math.MaxInt}
	params["coldest"] = Params{Temperature: 1e-6, TopP: 1e-300, MinP: 5e-324, TopNSigma: 1e-300}
	for name, p := range params {
		p.LogProb = true
		t.Run(name, func(t *testing.T) {
			for _, c := range []struct {
				logits []float32
				want   []int32 // tokens that may be chosen
			}{
				{[]float32{-3}, []int32{0}},
				{[]float32{nan, -inf, 4, -inf}, []int32{2}},
				{[]float32{1, inf, 2, inf, nan}, []int32{1, 3}},
				{[]float32{-math.MaxFloat32, math.MaxFloat32}, []int32{0, 1}},
				{[]float32{-math.MaxFloat32, -inf}, []int32{0}},
				{[]float32{7, 7, 7}, []int32{0, 1, 2}},
			} {
				q := p
				if name == "all on" {
					q.DRY.Breakers = nil
				}
				s := mustNew(t, q, len(c.logits))
				for range 20 {
					got, err := s.Sample(c.logits)
					require.NoError(t, err)
					require.Contains(t, c.want, got.ID)
					require.False(t, math.IsNaN(float64(got.Prob)) || got.Prob <= 0 || got.Prob > 1, "Prob %v", got.Prob)
					require.False(t, math.IsNaN(float64(got.LogProb)), "LogProb")
					require.NoError(t, s.Accept(got.ID))
				}
			}
			s := mustNew(t, Params{Temperature: p.Temperature, TopP: p.TopP, Mirostat: p.Mirostat, Seed: 3}, 3)
			before := s.State()
			for _, logits := range [][]float32{{-inf, -inf, -inf}, {nan, nan, nan}, {nan, -inf, -nan}} {
				_, err := s.Sample(logits)
				require.ErrorIs(t, err, ErrNoToken)
				require.Equal(t, before, s.State(), "an error leaves the state")
			}
		})
	}
}

// XTC and typical may remove the most probable token; weights are then relative to what is left.
func TestColdDrawWithoutTheTopToken(t *testing.T) {
	c, err := mustNew(t, Params{Temperature: 1e-6, XTC: XTC{Probability: 1}}, 3).Sample([]float32{2, 1, -9})
	require.NoError(t, err)
	require.Equal(t, int32(1), c.ID)
	require.Equal(t, float32(1), c.Prob)
}

func TestNoTokenErrorNamesTheCause(t *testing.T) {
	s := mustNew(t, Params{Banned: []int32{0, 1}}, 3)
	inf := float32(math.Inf(-1))
	_, err := s.Sample([]float32{1, 2, inf})
	var e *NoTokenError
	require.True(t, errors.As(err, &e))
	require.Equal(t, NoTokenError{Vocab: 3, Finite: 2, Allowed: 2}, *e)
	require.ErrorContains(t, err, "bans remove all 2 tokens")
	_, err = s.SampleMasked([]float32{1, 2, inf}, []uint64{4})
	require.ErrorContains(t, err, "the mask allows none of the 2 tokens above -Inf")
	_, err = s.Sample([]float32{inf, inf, inf})
	require.ErrorContains(t, err, "all 3 logits are -Inf or NaN")
	_, err = s.Sample([]float32{1})
	require.ErrorContains(t, err, "got 1 logits, want one for each of 3 tokens")
	_, err = s.SampleMasked([]float32{1, 2, 3}, []uint64{})
	require.ErrorContains(t, err, "mask has 0 words, want 1")
	require.ErrorContains(t, s.Accept(0, 3), "token 2 of 2 is 3, want 0 to 2")
}

func TestMask(t *testing.T) {
	r := rand.New(rand.NewPCG(31, 32))
	for range 300 {
		vocab := 1 + r.IntN(400)
		mask := make([]uint64, (vocab+63)/64)
		for i := range mask {
			mask[i] = [4]uint64{0, math.MaxUint64, r.Uint64() & r.Uint64() & r.Uint64(), r.Uint64()}[r.IntN(4)]
		}
		logits := randomLogits(r, vocab, 2)
		masked := make([]float32, vocab)
		for i := range masked {
			masked[i] = negInf
			if mask[i/64]>>(i%64)&1 != 0 {
				masked[i] = logits[i]
			}
		}
		p := Params{Temperature: 1, TopP: 0.9, Seed: r.Uint64()}
		a, errA := mustNew(t, p, vocab).SampleMasked(logits, mask)
		b, errB := mustNew(t, p, vocab).Sample(masked)
		require.Equal(t, errA == nil, errB == nil)
		require.Equal(t, a.ID, b.ID)
		require.Equal(t, a.Prob, b.Prob)
	}
}

func TestNothingIsAllocated(t *testing.T) {
	const vocab = cellsFrom + 900
	rows := [3][]float32{fixedLogits(vocab, 1), fixedLogits(vocab, 2), fixedLogits(vocab, 3)}
	mask := make([]uint64, (vocab+63)/64)
	for i := range mask {
		mask[i] = 0x5555555555555555
	}
	params := map[string]Params{"greedy": {LogProb: true}, "all on": allOn,
		"mirostat1": {Temperature: 4, Mirostat: Mirostat{Version: 1}}, "mirostat2": {Temperature: 4, Mirostat: Mirostat{Version: 2}},
		"bias": {Temperature: 1, LogitBias: map[int32]float32{3: 1}, Banned: []int32{5}, LogProb: true}}
	for name, p := range samplers {
		params[name] = p
	}
	for name, p := range params {
		s := mustNew(t, p, vocab)
		i := 0
		step := func() {
			c, err := s.SampleMasked(rows[i%3], [2][]uint64{nil, mask}[i%2])
			if err != nil {
				t.Fatal(err)
			}
			_ = s.Accept(c.ID)
			i++
		}
		for range 300 {
			step()
		}
		require.Zero(t, testing.AllocsPerRun(200, step), name)
	}
	s, dst, top, ids := mustNew(t, Params{}, vocab), make([]float32, 0, 4), make([]TokenLogProb, 0, 5), []int32{1, 2, 3}
	logProbs := func() {
		dst, _ = LogProbs(dst[:0], rows[0], ids)
		top, _ = s.TopLogProbs(top[:0], rows[0], 5)
	}
	logProbs()
	require.Zero(t, testing.AllocsPerRun(50, logProbs))
}
