package sample

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"
)

func FuzzSample(f *testing.F) {
	f.Add(uint64(1), []byte{1, 2, 3, 250, 0, 9}, uint64(0xffff))
	f.Add(uint64(77), []byte{0, 0, 0, 0}, uint64(3))
	f.Fuzz(func(t *testing.T, seed uint64, row []byte, mask uint64) {
		if len(row) == 0 || len(row) > 64 {
			return
		}
		logits := make([]float32, len(row))
		for i, b := range row {
			switch b {
			case 255:
				logits[i] = float32(math.NaN())
			case 254:
				logits[i] = float32(math.Inf(1))
			case 253:
				logits[i] = float32(math.Inf(-1))
			default:
				logits[i] = float32(b)/8 - 16
			}
		}
		p := randomParams(rand.New(rand.NewPCG(seed, 0)), len(row))
		s, err := New(p, len(row))
		if err != nil {
			if p.Validate() == nil {
				t.Fatalf("New refuses valid params: %v", err)
			}
			return
		}
		for range 8 {
			twin := s.Clone()
			c, err := s.SampleMasked(logits, []uint64{mask})
			d, err2 := twin.SampleMasked(logits, []uint64{mask})
			if err != nil {
				if !errors.Is(err, ErrNoToken) {
					t.Fatal(err)
				}
				return
			}
			switch {
			case err2 != nil || c.ID != d.ID || c.Prob != d.Prob:
				t.Fatalf("clone chose %v (%v), not %v", d, err2, c)
			case mask>>c.ID&1 == 0 || !(logits[c.ID] > negInf):
				t.Fatalf("chose %d, which is not allowed", c.ID)
			case !(c.Prob > 0 && c.Prob <= 1):
				t.Fatalf("Prob is %v", c.Prob)
			}
			if err := s.Accept(c.ID); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// randomParams gives Params that are sometimes not valid.
func randomParams(r *rand.Rand, vocab int) Params {
	num := func(hi float64) float64 {
		switch r.IntN(12) {
		case 0, 1, 2, 3:
			return 0
		case 4:
			return hi
		case 5:
			return math.Ldexp(hi, -r.IntN(1074))
		case 6:
			if r.IntN(20) == 0 {
				return math.NaN()
			}
			return hi * 1.0000001
		default:
			return r.Float64() * hi
		}
	}
	p := Params{
		Temperature: num(4), DynamicTemperature: DynamicTemperature{num(3), num(4)}, TopK: r.IntN(vocab + 2), TopP: num(1), MinP: num(1),
		TypicalP: num(1), TopNSigma: num(4), XTC: XTC{num(1), num(0.5)}, Mirostat: Mirostat{MirostatVersion(max(0, r.IntN(6)-3)), num(8), num(1)},
		RepetitionPenalty: num(1e300), PresencePenalty: num(math.MaxFloat64), FrequencyPenalty: -num(1e30), PenaltyLastN: r.IntN(5) - 1,
		DRY:       DRY{num(1e300), 1 + num(1e30), r.IntN(4), r.IntN(5) - 1, [][]int32{{0}, {1, 0}}},
		AdaptiveP: AdaptiveP{num(1), num(0.99)},
		MinKeep:   r.IntN(vocab + 2), Seed: r.Uint64(), LogProb: r.IntN(2) == 0,
		LogitBias: map[int32]float32{int32(r.IntN(vocab)): float32(num(math.MaxFloat32))},
	}
	if vocab > 1 {
		p.Banned = []int32{int32(r.IntN(vocab))}
	} else {
		p.DRY.Breakers = nil
	}
	return p
}
