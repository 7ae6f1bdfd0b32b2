using System.Text;
using System.Text.Json;
using Gache.Server.Hosting.Logging;
using Gache.Server.Options;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Gache.Server.Tests;

public sealed partial class LogTests
{
    [Fact]
    public void Away_from_a_terminal_each_event_is_one_json_object_in_utc_with_its_number_and_values()
    {
        var why = new InvalidOperationException("why");
        string line = Assert.Single(Log(LogFormat.Auto, isTerminal: false, log => LogElected(log, 7, "n\"1\n", why)));

        JsonElement root = JsonDocument.Parse(line).RootElement;
        Assert.Equal("2026-01-02T03:04:05.006Z", root.GetProperty("time").GetString());
        Assert.Equal("info", root.GetProperty("level").GetString());
        Assert.Equal(103, root.GetProperty("event").GetInt32());
        Assert.Equal("elected n\"1\n in term 7", root.GetProperty("message").GetString());
        Assert.Equal(7, root.GetProperty("values").GetProperty("Term").GetInt32());
        Assert.Contains("why", root.GetProperty("exception").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void On_a_terminal_a_line_is_for_people()
    {
        string line = Assert.Single(Log(LogFormat.Auto, isTerminal: true, log => LogElected(log, 7, "n1", null)));
        Assert.Equal("2026-01-02 03:04:05.006Z info  elected n1 in term 7 [103]", line);
    }

    [Fact]
    public void What_is_below_the_level_and_what_the_framework_says_in_passing_is_left_out()
    {
        string[] lines = Log(LogFormat.Plain, isTerminal: false, log => LogDetail(log));
        Assert.Empty(lines);
    }

    [Fact]
    public async Task A_log_that_nobody_reads_never_stops_the_one_who_logs()
    {
        using var stuck = new StuckStream();
        using var writer = new LineWriter(stuck);
        for (int n = 0; n < LineWriter.MaxWaiting + 100; n++) writer.Write("line\n"u8.ToArray()); // would hang here

        stuck.Release();
        writer.Dispose();
        await stuck.Closed;
        Assert.Contains("log lines were dropped", stuck.Text, StringComparison.Ordinal);
    }

    [LoggerMessage(EventId = 103, Level = LogLevel.Information, Message = "elected {Node} in term {Term}")]
    private static partial void LogElected(ILogger log, ulong term, string node, Exception? why);

    [LoggerMessage(EventId = 104, Level = LogLevel.Debug, Message = "a detail")]
    private static partial void LogDetail(ILogger log);

    private static string[] Log(LogFormat format, bool isTerminal, Action<ILogger> act)
    {
        using var output = new MemoryStream();
        using (var log = new ServerLog(LogLevel.Information, format, output, isTerminal, new FixedTime()))
        {
            act(log.Factory.CreateLogger("Gache.Replication.Replica"));
            log.Factory.CreateLogger("Microsoft.AspNetCore.Server.Kestrel").Log(LogLevel.Information, "noise");
        }

        return Encoding.UTF8.GetString(output.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private sealed class FixedTime : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new(2026, 1, 2, 3, 4, 5, 6, TimeSpan.Zero);
    }

    /// <summary>A pipe that takes nothing until it is released.</summary>
    private sealed class StuckStream : MemoryStream
    {
        private readonly ManualResetEventSlim released = new();
        private readonly TaskCompletionSource<bool> sawDrop = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly StringBuilder written = new();

        public Task Closed => sawDrop.Task;

        public string Text => written.ToString();

        public void Release() => released.Set();

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            released.Wait();
            string text = Encoding.UTF8.GetString(buffer);
            written.Append(text);
            if (text.Contains("dropped", StringComparison.Ordinal)) sawDrop.TrySetResult(true);
        }

        protected override void Dispose(bool disposing)
        {
            released.Set();
            base.Dispose(disposing);
        }
    }
}
