using Gache.Bench.Load;
using Gache.Compare;

LoadThreads.RunInline(count: null);
return await CompareCommand.RunAsync(args).ConfigureAwait(false);
