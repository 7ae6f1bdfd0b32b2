using Xunit;

namespace Gache.Replication.Tests;

public sealed class BackgroundThreadTests
{
    [Fact]
    public void Work_is_done_in_order_also_what_waits_when_the_end_comes_and_nothing_after_it()
    {
        var done = new List<int>();
        using var mayGoOn = new ManualResetEventSlim();
        var background = new BackgroundThread();
        background.Run(mayGoOn.Wait);
        for (int i = 0; i < 1_000; i++)
        {
            int number = i;
            background.Run(() => done.Add(number));
        }

        var end = new Thread(background.Dispose);
        end.Start();
        mayGoOn.Set();
        end.Join();
        background.Run(() => done.Add(-1));
        Assert.Equal(Enumerable.Range(0, 1_000), done);
    }

    [Fact]
    public void One_that_sleeps_wakes_for_each_piece_of_work()
    {
        using var background = new BackgroundThread();
        using var isDone = new AutoResetEvent(false);
        for (int i = 0; i < 1_000; i++)
        {
            background.Run(() => isDone.Set());
            Assert.True(isDone.WaitOne(TimeSpan.FromMinutes(1)));
        }
    }
}
