package sample

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLogProbs(t *testing.T) {
	inf := float32(math.Inf(1))
	logits := fixedLogits(3000, 5)
	logits[7], logits[8] = -inf, float32(math.NaN())
	sum := 0.0
	for _, v := range logits {
		if v > -inf {
			sum += math.Exp(float64(v) - 16)
		}
	}
	ids := []int32{0, 7, 8, 2999, 5}
	got, err := LogProbs(nil, logits, ids)
	require.NoError(t, err)
	for i, id := range ids {
		if id == 7 || id == 8 {
			require.Equal(t, -inf, got[i])
			continue
		}
		require.InDelta(t, float64(logits[id])-16-math.Log(sum), float64(got[i]), 2e-6)
	}
	// The choice reports the model's distribution, whatever bias and penalties do.
	s := mustNew(t, Params{Temperature: 1, LogProb: true, LogitBias: map[int32]float32{5: 100}}, 3000)
	c, err := s.Sample(logits)
	require.NoError(t, err)
	require.Equal(t, int32(5), c.ID)
	require.Equal(t, got[4], c.LogProb)

	for _, n := range []int{0, 1, 5, 300, 3000, 5000} {
		top, err := s.TopLogProbs(nil, logits, n)
		require.NoError(t, err)
		want := newNaive(logits).keep(n, 0)
		if n == 0 {
			want = nil
		}
		require.Len(t, top, len(want))
		for i, k := range want {
			require.Equal(t, int32(k.id), top[i].ID)
			require.InDelta(t, k.x-16-math.Log(sum), float64(top[i].LogProb), 4e-6)
		}
	}
	got, err = LogProbs(nil, []float32{inf, 3, inf}, []int32{0, 1, 2})
	require.NoError(t, err)
	require.InDeltaSlice(t, []float32{-math.Ln2, -inf, -math.Ln2}, got, 1e-7)
	_, err = LogProbs(nil, []float32{-inf}, nil)
	require.ErrorIs(t, err, ErrNoToken)
	_, err = LogProbs(nil, logits, []int32{3000})
	require.ErrorContains(t, err, "ids[0] is 3000, want 0 to 2999")
	_, err = s.TopLogProbs(nil, logits[:5], 1)
	require.ErrorContains(t, err, "got 5 logits")
	_, err = s.TopLogProbs(nil, logits, -1)
	require.ErrorContains(t, err, "n is -1")
}
