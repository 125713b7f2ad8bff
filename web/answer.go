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

// Answer answers a Request in JSON, with a Document or with Problems, for a page that has no
// server. The status is that of HTTP.
func Answer(request []byte, l Limits) (status int, body []byte) {
	var q Request
	var v any
	if err := json.Unmarshal(request, &q); err != nil {
		status, v = statusBadRequest, problem("the request cannot be read: %v", err)
	} else {
		status, v = answerTo(&q, l)
	}
	body, err := json.Marshal(v)
	if err != nil {
		return statusBug, []byte(`{"problems":[{"message":"the answer cannot be written"}]}`)
	}
	return status, body
}

func answerTo(q *Request, l Limits) (status int, body any) {
	doc, err := Build(q, l)
	var wrong *Problems
	switch {
	case errors.As(err, &wrong):
		return statusProblems, wrong
	case err != nil:
		return statusBug, problem("%v", err)
	}
	return statusOK, doc
}
