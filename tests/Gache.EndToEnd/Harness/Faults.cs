namespace Gache.EndToEnd.Harness;

/// <summary>What happens to nodes while clients write.</summary>
internal static class Faults
{
    private const int ShortestPauseMilliseconds = 100;
    private const int LongestPauseMilliseconds = 3_000;

    /// <summary>One node at a time is paused, killed, or stopped in good order, until the end; a majority always runs.</summary>
    /// <param name="choose">The next victim.</param>
    /// <param name="random">The dice.</param>
    /// <param name="end">No further one.</param>
    /// <returns>How many there were of each: pauses, kills, stops.</returns>
    public static async Task<int[]> OneAtATimeAsync(Func<Task<Node>> choose, Random random, CancellationToken end)
    {
        int[] faults = new int[3];
        while (!end.IsCancellationRequested)
        {
            Node victim = await choose();
            int kind = random.Next(faults.Length);
            switch (kind)
            {
                case 0:
                    victim.Process.Send(Signal.Stop);
                    // How long a pause is, is the fault.
                    await Task.Delay(TimeSpan.FromMilliseconds(random.Next(ShortestPauseMilliseconds, LongestPauseMilliseconds)), CancellationToken.None);
                    victim.Process.Send(Signal.Continue);
                    break;
                case 1:
                    await victim.Process.KillAsync();
                    victim.Start();
                    break;
                default:
                    await victim.StopAsync();
                    victim.Start();
                    break;
            }

            faults[kind]++;
            await victim.ReadyAsync();
        }

        return faults;
    }
}
