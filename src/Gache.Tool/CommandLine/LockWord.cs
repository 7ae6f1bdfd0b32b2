using System.CommandLine;
using Gache.Tool.Locking;
using Gache.Tool.Terminals;

namespace Gache.Tool.CommandLine;

/// <summary><c>./gache lock</c>.</summary>
internal static class LockWord
{
    /// <summary>The word with its options.</summary>
    public static Command Create(Terminal terminal)
    {
        var name = new Argument<string>("NAME") { Description = "the lock: a key of the store" };
        var command = new Argument<string[]>("COMMAND") { Description = "what to run, after --", Arity = ArgumentArity.OneOrMore };
        Option<TimeSpan?> ttl = TimeOption.Create(
            "--ttl", $"after how long without renewals others get the lock; renewed three times as often [{LockOptions.DefaultTtl.TotalSeconds:0}s]",
            LockOptions.LeastTtl, LockOptions.MostTtl);
        Option<TimeSpan?> wait = TimeOption.Create(
            "--wait", $"how long to wait for the lock; 0 for not at all [{LockOptions.DefaultWait.TotalMinutes:0}m]", TimeSpan.Zero, LockOptions.MostWait);
        var servers = new Option<string>("--server")
        {
            HelpName = "HOST:PORT,...",
            Description = $"API addresses of nodes, asked in turn [{LockOptions.DefaultServer}]",
        };
        servers.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && text.Split(',').FirstOrDefault(one => !Address.IsValid(one)) is { } bad)
                result.AddError($"--server '{bad}' is not possible: addresses are HOST:PORT, as in 127.0.0.1:8001, separated by commas");
        });
        name.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && (text.Length == 0 || text.Split('/').Any(part => part is "." or "..")))
                result.AddError($"NAME '{text}' is not possible: a key has at least one byte and no part that is '.' or '..'");
        });

        var word = new Command(
            "lock",
            "Runs a command while it holds a lock, and ends it when the lock is lost.\n"
            + "The command finds its fencing token in GACHE_FENCING_TOKEN: what it writes elsewhere should carry it, so that a later holder's is told from an earlier one's.\n"
            + $"Exit codes: the command's own; {ExitCode.NotHad} the lock was not to be had in time, {ExitCode.LockLost} it was lost and the command was ended,\n"
            + $"{ExitCode.CannotRun} and {ExitCode.NotFound} the command cannot be run or is not there, {ExitCode.Usage} the line makes no sense, {ExitCode.Unreachable} nobody answers, {ExitCode.Failed} it was refused.")
        {
            name, command, ttl, wait, servers,
        };
        word.SetAction((parse, _) => new LockRun(
            new LockOptions
            {
                Name = parse.GetValue(name)!,
                Command = parse.GetValue(command)!,
                Ttl = parse.GetValue(ttl) ?? LockOptions.DefaultTtl,
                Wait = parse.GetValue(wait) ?? LockOptions.DefaultWait,
                Servers = (parse.GetValue(servers) ?? LockOptions.DefaultServer).Split(','),
            },
            terminal).RunAsync());
        return word;
    }
}
