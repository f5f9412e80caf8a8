package sample

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestValidateListsEveryProblem(t *testing.T) {
	require.NoError(t, Params{}.Validate())
	nan, inf := math.NaN(), math.Inf(1)
	p := Params{
		Temperature: -1, DynamicTemperature: DynamicTemperature{-1, nan}, TopK: -1, TopP: 1.5, MinP: nan, TypicalP: -0.1, TopNSigma: inf,
		XTC: XTC{2, 0.6}, Mirostat: Mirostat{3, -1, 2}, RepetitionPenalty: -1, PresencePenalty: inf, FrequencyPenalty: nan,
		PenaltyLastN: -2, DRY: DRY{-1, 0.5, -1, -2, [][]int32{{}, {1, -4}}}, LogitBias: map[int32]float32{-1: 1, 9: float32(nan)},
		Banned: []int32{-9}, MinKeep: -1,
	}
	err := p.Validate()
	require.Error(t, err)
	lines := strings.Split(err.Error(), "\n")
	require.Len(t, lines, 27)
	for _, l := range lines {
		require.True(t, strings.HasPrefix(l, "sample: Params.") && strings.Contains(l, " want "), l)
	}
	require.Contains(t, lines, "sample: Params.Temperature is -1, want 0 (greedy) or 1e-06 to 1e+06")
	require.Contains(t, lines, "sample: Params.DRY.Breakers[1][1] is token -4, want 0 to 2147483646")
	require.ErrorContains(t, Params{Mirostat: Mirostat{Version: 1}}.Validate(), "Mirostat.Version is 1 at Temperature 0")
	require.ErrorContains(t, Params{Temperature: 1e-7}.Validate(), "Temperature is 1e-07")

	_, err = New(Params{Banned: []int32{100}}, 100)
	require.ErrorContains(t, err, "sample: Params.Banned[0] is token 100, want 0 to 99")
	_, err = New(Params{}, 0)
	require.ErrorContains(t, err, "vocabulary is 0")
}
