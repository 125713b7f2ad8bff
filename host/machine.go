package host

// Machine is what of this host matters to what it answers.
type Machine struct {
	Release string `json:"release"` // as uname -r prints it
	HZ      int    `json:"hz"`      // jiffies a second; 0 where that cannot be found out
	// HugePages is how many huge pages of the default size are free.
	HugePages int  `json:"huge_pages"`
	IOUring   bool `json:"io_uring"` // this user may make rings
	// Unusual is what is set otherwise than usual, and changes answers.
	Unusual []string `json:"unusual,omitempty"`
}
