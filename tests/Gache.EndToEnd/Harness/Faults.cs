namespace Gache.EndToEnd.Harness;

/// <summary>What happens to nodes while clients write.</summary>
internal static class Faults
{
    private const int ShortestPauseMilliseconds = 100;
    private const int LongestPauseMilliseconds = 3_000;

    /// <summary>One node is paused, killed, or stopped in good order, or several are paused together, until the end; the next when all are ready again.</summary>
    /// <param name="choose">The next victims.</param>
    /// <param name="random">The dice.</param>
    /// <param name="end">No further ones.</param>
    /// <returns>How many there were: pauses of one, kills, stops, pauses of several.</returns>
    public static async Task<int[]> OneAfterTheOtherAsync(Func<Task<Node[]>> choose, Random random, CancellationToken end)
    {
        int[] faults = new int[4];
        while (!end.IsCancellationRequested)
        {
            Node[] victims = await choose();
            Node victim = victims[0];
            int kind = victims.Length > 1 ? 3 : random.Next(3);
            switch (kind)
            {
                case 1:
                    await victim.Process.KillAsync();
                    victim.Start();
                    break;
                case 2:
                    await victim.StopAsync();
                    victim.Start();
                    break;
                default:
                    foreach (Node node in victims) node.Process.Send(Signal.Stop);
                    // How long a pause is, is the fault.
                    await Task.Delay(TimeSpan.FromMilliseconds(random.Next(ShortestPauseMilliseconds, LongestPauseMilliseconds)), CancellationToken.None);
                    foreach (Node node in victims) node.Process.Send(Signal.Continue);
                    break;
            }

            faults[kind]++;
            foreach (Node node in victims) await node.ReadyAsync();
        }

        return faults;
    }
}
