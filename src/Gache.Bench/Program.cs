using Gache.Bench.CommandLine;
using Gache.Bench.Load;
using Gache.Tool.Terminals;

LoadThreads.RunInline(LoadThreads.Asked(args));
return await BenchCommand.RunAsync(args, Terminal.OfProcess()).ConfigureAwait(false);
