package testmodel

import "strings"

// keyWords, valueWords and otherWords are the words of the wired model: letters only, so that pre-tokenizers keep each
// whole.
const (
	keyWords = `Anna Ben Clara David Elena Felix Greta Henry Irene Jonas Karin Leon Maria Nils Olga Peter Quinn Rosa Simon Tessa
		Ulrich Vera Walter Xenia Yusuf Zora Abel Alma Amir Anton Astrid Axel Bella Boris Bruno Carla Carlos Cecil Celia Cesar Chloe Cora
		Cyril Dagmar Daisy Dalia Damian Daphne Daria Denis Diana Dmitri Dora Edda Edgar Edith Edwin Elias Elsa Emil Emma Enzo Erik Erna
		Esther Eva Fabian Farid Fatima Fiona Flora Floyd Frank Frida Gabor George Gilda Gina Gloria Goran Grace Gustav Hanna Harold Hassan
		Hector Heidi Helga Hilda Hugo Ida Igor Ilse Imran Ines Ingrid Iris Isaac Ivan Jack Jakob Jana Jasmin Jorge Josef Judith Julia
		Kamil Karl Katya Keith Kemal Kira Klara Kofi Kurt Lars Laura Lena Leo Lidia Linus Lorna Lotte Louis Lucas Lucia Ludwig Luisa Lydia
		Magda Malik Manuel Marco Marta Martin Matteo Max Maya Mila Milo Miriam Mona Moritz Nadia Naomi Nestor Nina Noah Nora Oleg Oscar
		Otto Pablo Paula Pavel Petra Philip Pia Rafael Ralph Ramona Raul Regina Rita Robert Romy Rudolf Ruth Sahra Samuel Sara Sergei Silas
		Sofia Stefan Stella Sven Tamara Tariq Thea Theo Tilda Tomas Tina Uma Valentin Victor Viola Wanda Wilma Wolf Yara Yvonne`
	valueWords = `Oslo Lima Paris Rome Cairo Delhi Tokyo Berlin Vienna Madrid Lisbon Dublin London Prague Warsaw Athens Sofia Kyiv Riga
		Tallinn Helsinki Bern Geneva Milan Naples Lagos Nairobi Accra Tunis Dakar Quito Bogota Havana Boston Denver Dallas Seattle Toronto
		Montreal Sydney Perth Auckland Seoul Osaka Hanoi Manila Jakarta Baku Tbilisi Yerevan`
	otherWords = `a all an and are as at be but by day for from has have he her his in is it live lived lives long market moved not now
		of old on one or people quiet rain saw she street talk that the their there they this to town train was were where who with year`
	syllables = "ba ce di fo gu ha je ki lo mu na pe ri so tu va we xi zo yu"
)

// words returns n words: those of the list, then made-up ones of syllables. No word is one of taken.
func words(list string, n int, taken map[string]bool) []string {
	var out []string
	add := func(w string) {
		if len(out) < n && !taken[w] {
			taken[w] = true
			out = append(out, w)
		}
	}
	for _, w := range strings.Fields(list) {
		add(w)
	}
	s := strings.Fields(syllables)
	for i := 0; len(out) < n; i++ {
		w := ""
		for j := i; ; j /= len(s) {
			w += s[j%len(s)]
			if j < len(s) {
				break
			}
		}
		add(strings.ToUpper(w[:1]) + w[1:] + s[(7*i+3)%len(s)] + "n")
	}
	return out
}
