// Published test vectors that are too many to stand here, as Go modules: versions here, checksums in go.sum, no program (npm run vectors).
module epione/vectors

go 1.24

require (
	github.com/c2sp/wycheproof v0.0.0-20260902155932-3fa63dd0344a
	github.com/cloudflare/circl v1.6.5
)
