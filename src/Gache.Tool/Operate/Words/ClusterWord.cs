using System.CommandLine;
using Gache.Tool.CommandLine;
using Gache.Tool.Operate.Act;
using Gache.Tool.Operate.Api;
using Gache.Tool.Operate.View;
using Gache.Tool.Terminals;

namespace Gache.Tool.Operate.Words;

/// <summary><c>./gache cluster …</c>: what its words have in common.</summary>
internal sealed class ClusterWord
{
    private const string DefaultAddress = "127.0.0.1:8000";

    private readonly Terminal terminal;
    private readonly TimeProvider clock;

    private readonly Option<string?> at = Address.Option("--at", "HOST:PORT", $"API address of any node of the cluster [{DefaultAddress}]");
    private readonly Option<bool> dryRun = new("--dry-run") { Description = "Explains what would be done, and does nothing" };
    private readonly Option<bool> yes = new("--yes", "-y") { Description = "Does not ask; needed where nobody can be asked" };

    private ClusterWord(Terminal terminal, TimeProvider clock)
    {
        this.terminal = terminal;
        this.clock = clock;
    }

    /// <summary>The word with all its words.</summary>
    public static Command Create(Terminal terminal, TimeProvider clock)
    {
        var common = new ClusterWord(terminal, clock);
        return new Command(
            "cluster",
            "Shows a cluster and changes it; each word explains first what it does and what it needs.\n"
            + "Shards and nodes are named by the beginning of their id or by an API address.\n"
            + "Exit codes: 0 done, 1 refused or failed, 64 the line makes no sense or --yes is missing, 69 nobody answers.")
        {
            ShowWord.Create(common),
            MoveWord.Create(common),
            RebalanceWord.Create(common),
            TransferWord.Create(common),
            MemberWords.Add(common),
            MemberWords.Remove(common),
            ReplaceWord.Create(common),
            ForgetWord.Create(common),
            RecoverWord.Create(terminal),
        };
    }

    /// <summary>A word that only looks.</summary>
    public Command Looking(string name, string description, Func<ClusterClient, ClusterView, Task<int>> look)
    {
        var word = new Command(name, description) { at };
        word.SetAction((parse, _) => WithClusterAsync(parse, look));
        return word;
    }

    /// <summary>A word that acts: <paramref name="plan"/> says what it makes of the cluster it sees.</summary>
    public Command Acting(string name, string description, Func<ParseResult, string, ClusterView, Plan> plan, params Symbol[] symbols)
    {
        var word = new Command(name, description);
        foreach (Symbol symbol in symbols)
        {
            if (symbol is Argument argument) word.Arguments.Add(argument);
            else word.Options.Add((Option)symbol);
        }

        word.Options.Add(at);
        word.Options.Add(dryRun);
        word.Options.Add(yes);
        word.SetAction((parse, _) => WithClusterAsync(parse, (client, view) => new Carrier(terminal, clock)
            .CarryOutAsync(client, plan(parse, client.At, view), parse.GetValue(dryRun), parse.GetValue(yes))));
        return word;
    }

    /// <summary>Where answers go.</summary>
    public TextWriter Output => terminal.Output;

    private async Task<int> WithClusterAsync(ParseResult parse, Func<ClusterClient, ClusterView, Task<int>> act)
    {
        using var client = new ClusterClient(parse.GetValue(at) ?? DefaultAddress);
        Reply reply = await client.GetAsync("/cluster", CancellationToken.None).ConfigureAwait(false);
        if (!reply.IsSuccess) return terminal.Refuse(reply.ExitCode, reply.Words);
        if (reply.Read(Wire.Default.ShardJsonArray) is not { } shards) return terminal.Refuse(ExitCode.Failed, $"{client.At} does not answer as gache does");
        return await act(client, new ClusterView(shards)).ConfigureAwait(false);
    }
}
