package sample_test

import (
	"fmt"

	"github.com/seed64708441/ember/model/sample"
)

func Example() {
	s, err := sample.New(sample.Params{Temperature: 1.5, TopK: 3, Seed: 8, LogProb: true}, 4)
	if err != nil {
		fmt.Println(err)
		return
	}
	logits := []float32{0.5, 3, -1, 2.5} // of the model, one a token
	for range 3 {
		c, err := s.Sample(logits)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("token %d, chosen with %.2f, model's log-probability %.2f\n", c.ID, c.Prob, c.LogProb)
		if err := s.Accept(c.ID); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// token 3, chosen with 0.38, model's log-probability -1.03
	// token 1, chosen with 0.52, model's log-probability -0.53
	// token 0, chosen with 0.10, model's log-probability -3.03
}

func ExampleStopMatcher() {
	m, err := sample.NewStopMatcher([]string{"\nUser:"})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, piece := range []string{"Hi", ".\n", "Us", "er", ": and"} {
		text, stop := m.Feed(piece)
		fmt.Printf("%q %d\n", text, stop)
	}
	// Output:
	// "Hi" -1
	// "." -1
	// "" -1
	// "" -1
	// "" 0
}

func ExampleParams_Validate() {
	fmt.Println(sample.Params{Temperature: -1, TopP: 2}.Validate())
	// Output:
	// sample: Params.Temperature is -1, want 0 (greedy) or 1e-06 to 1e+06
	// sample: Params.TopP is 2, want 0 to 1
}
