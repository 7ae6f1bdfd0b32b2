using System.Globalization;
using System.Text;
using Gache.EndToEnd.Harness;
using Gache.Simulation;
using Client = Gache.EndToEnd.Harness.Client;

namespace Gache.EndToEnd.Scenarios;

/// <summary>What six clients saw of three real nodes under faults is the history of one register a key (P1, P6, P11).</summary>
/// <remarks>
/// <c>GACHE_HISTORY_SECONDS</c> makes it longer (300 for the long form). Each request has a connection of its own: a pooled one that was closed
/// may make the HTTP client send again by itself. Every write is a PUT, whose answer tells whether the key was there.
/// </remarks>
public sealed class HistoryTests
{
    private const int Clients = 6;
    private const int Keys = 4;
    private static readonly TimeSpan ShortForm = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Histories_of_six_clients_are_linearizable_while_nodes_are_paused_killed_and_restarted()
    {
        await using Shard shard = await Shard.StartAsync();
        using var end = new CancellationTokenSource(
            int.TryParse(Environment.GetEnvironmentVariable("GACHE_HISTORY_SECONDS"), CultureInfo.InvariantCulture, out int seconds)
                ? TimeSpan.FromSeconds(seconds) : ShortForm);
        var history = new History();
        Task[] clients = [.. Enumerable.Range(0, Clients).Select(client => Task.Run(() => AskAsync(shard, history, client, end.Token)))];
        var dice = new Random(1);
        int faults = (await Faults.OneAfterTheOtherAsync(
            async () => [dice.Next(2) == 0 ? await shard.LeaderAsync() : shard.Nodes[dice.Next(shard.Nodes.Count)]], dice, end.Token)).Sum();
        await Task.WhenAll(clients);

        Violation? violation = HistoryChecker.Check(history.Operations);
        Assert.True(violation is null, $"{violation}");
        Assert.True(history.DoneCount > 200 && faults > 2, $"{history.DoneCount} operations and {faults} faults say little");
        TestContext.Current.TestOutputHelper?.WriteLine($"{history.Operations.Count} operations, {history.DoneCount} done, {faults} faults: linearizable");
    }

    private static async Task AskAsync(Shard shard, History history, int client, CancellationToken end)
    {
        using var http = new Client(TimeSpan.FromSeconds(8));
        var random = new Random(client);
        while (!end.IsCancellationRequested)
        {
            string key = $"h{random.Next(Keys)}";
            string url = shard.Nodes[random.Next(shard.Nodes.Count)].Key(key);
            OperationKind kind = random.Next(2) == 0 ? OperationKind.Put : OperationKind.Read;
            Operation operation;
            lock (history) operation = history.Invoke(client, kind, key);
            byte[]? body = kind == OperationKind.Put ? Encoding.ASCII.GetBytes(operation.Value.ToString(CultureInfo.InvariantCulture)) : null;
            HttpMethod method = kind == OperationKind.Put ? HttpMethod.Put : HttpMethod.Get;
            Answer answer = await http.SendAsync(method, url, body, ("Connection", "close"));
            if (answer.Status == 307) answer = await http.SendAsync(method, answer.Location!, body, ("Connection", "close"));
            lock (history) Note(history, operation, answer);
            if (answer.Outcome != Harness.Outcome.Done) await Task.Delay(TimeSpan.FromMilliseconds(random.Next(20)), CancellationToken.None);
        }
    }

    private static void Note(History history, Operation operation, Answer answer)
    {
        ulong revision = answer.ETag is { } tag ? ulong.Parse(tag.Trim('"'), CultureInfo.InvariantCulture) : 0;
        bool isRead = operation.Kind == OperationKind.Read;
        if (answer.Outcome == Harness.Outcome.Done && isRead) history.CompleteRead(operation, true, long.Parse(answer.Text, CultureInfo.InvariantCulture), revision);
        else if (answer.Outcome == Harness.Outcome.Done) history.Complete(operation, revision, existed: answer.Status == 200);
        else if (answer.Status == 404 && isRead) history.CompleteRead(operation, false, 0, 0);
        else if (answer.Outcome == Harness.Outcome.NotApplied) history.Refuse(operation);
        else history.GiveUp(operation);
    }
}
