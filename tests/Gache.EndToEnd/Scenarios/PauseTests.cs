using Gache.EndToEnd.Harness;

namespace Gache.EndToEnd.Scenarios;

/// <summary>P6: a paused leader that continues does not know that time has passed, and must not answer as if it had not.</summary>
public sealed class PauseTests
{
    private const int ReadsAtOnce = 20;

    [Fact]
    public async Task A_leader_that_continues_never_answers_with_the_old_value()
    {
        await using Shard shard = await Shard.StartAsync();
        using var patient = new Client(TimeSpan.FromSeconds(60));
        for (int round = 0; round < 3; round++)
        {
            Node old = await shard.LeaderAsync();
            Node[] others = [.. shard.Nodes.Where(node => node != old)];
            await shard.WriteAsync(old, "k", $"old {round}");

            old.Process.Send(Signal.Stop);
            await shard.WriteAsync(others[round % 2], "k", $"new {round}");
            // Asked while it sleeps, so that they are the first that it sees.
            Task<Answer>[] reads = [.. Enumerable.Range(0, ReadsAtOnce).Select(_ => patient.SendAsync(HttpMethod.Get, old.Key("k")))];
            old.Process.Send(Signal.Continue);

            foreach (Answer answer in await Task.WhenAll(reads))
            {
                Assert.True(answer.Status is 307 or 503 || (answer.Status == 200 && answer.Text == $"new {round}"), $"answered {answer}");
            }

            Assert.Equal($"new {round}", await shard.ReadAsync(old, "k"));
        }
    }

    [Fact]
    public async Task Writes_to_a_leader_that_is_paused_are_not_lost_and_not_denied()
    {
        await using Shard shard = await Shard.StartAsync();
        await using var writers = new Writers(shard.Nodes);
        for (int round = 0; round < 3; round++)
        {
            await writers.GoOnAsync();
            Node old = await shard.LeaderAsync();
            old.Process.Send(Signal.Stop);
            await Wait.UntilAsync("the others elect a leader", async () =>
            {
                foreach (Node node in shard.Nodes.Where(node => node != old))
                {
                    if ((await node.Client.SendAsync(HttpMethod.Get, node.Key("no-such-key"))).Status == 404) return true;
                }

                return false;
            });
            old.Process.Send(Signal.Continue);
            await old.ReadyAsync();
        }

        await writers.GoOnAsync();
        await writers.VerifyAsync(shard);
    }
}
