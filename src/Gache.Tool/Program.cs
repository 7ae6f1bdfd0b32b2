using Gache.Tool.CommandLine;
using Gache.Tool.Terminals;

return await ToolCommand.RunAsync(args, Terminal.OfProcess(), TimeProvider.System).ConfigureAwait(false);
