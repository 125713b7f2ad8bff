// Package docs gives programs the parts of the documentation that they show.
package docs
