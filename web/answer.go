package web

import (
	"encoding/json"
	"errors"
)

// SmallLimits bound what one request of a page costs: about a second, and 100 MB.
var SmallLimits = Limits{Text: 2 << 20, Steps: 500_000, Events: 20_000}

// The statuses of answers, as in HTTP.
const (
	statusOK         = 200
	statusBadRequest = 400
	statusProblems   = 422 // with the scenario
	statusBug        = 500
)

// Answer answers a request of a page in JSON: a Request with a Document, a Learn with a lesson
// or an exercise, and any with Problems. The status is that of HTTP.
func Answer(request []byte, l Limits) (status int, body []byte) {
	status, v := answerTo(request, l)
	body, err := json.Marshal(v)
	if err != nil {
		return statusBug, []byte(`{"problems":[{"message":"the answer cannot be written"}]}`)
	}
	return status, body
}

func answerTo(request []byte, l Limits) (status int, body any) {
	var asked struct {
		Format string `json:"format"`
	}
	var run Request
	var learn Learn
	err := json.Unmarshal(request, &asked)
	switch {
	case err != nil:
	case asked.Format == LearnFormat:
		err = json.Unmarshal(request, &learn)
	default:
		err = json.Unmarshal(request, &run)
	}
	if err != nil {
		return statusBadRequest, problem("the request cannot be read: %v", err)
	}
	if asked.Format == LearnFormat {
		body, err = learn.answer()
	} else {
		body, err = Build(&run, l)
	}
	var wrong *Problems
	switch {
	case errors.As(err, &wrong):
		return statusProblems, wrong
	case err != nil:
		return statusBug, problem("%v", err)
	}
	return statusOK, body
}
