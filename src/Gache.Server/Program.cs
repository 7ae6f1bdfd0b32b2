using Gache.Server.Hosting;
using Gache.Server.Options;

// Read once by System.Net.Sockets, so before anything touches a socket: completions run on the thread that polls (ARCHITECTURE.md).
Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");

if (args is ["recover", .. string[] rest])
    return new RecoverWord(Console.In, Console.Out, Console.Error, canAsk: !Console.IsInputRedirected).Run(rest);

CommandLineResult line = CommandLine.Read(args, Environment.GetEnvironmentVariables(), ServerProcess.Version);
if (line.Options is { } options) return await ServerProcess.RunAsync(options).ConfigureAwait(false);

await (line.ExitCode == ExitCode.Stopped ? Console.Out : Console.Error).WriteAsync(line.Text).ConfigureAwait(false);
return line.ExitCode;
