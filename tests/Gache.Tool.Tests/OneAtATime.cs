using Xunit.Sdk;
using Xunit.v3;

// The nodes of a playground need the machine for themselves: their timeouts are the real ones.
[assembly: Parallelization(Mode = ParallelMode.None)]
