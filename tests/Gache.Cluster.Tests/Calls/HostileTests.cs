using System.Text;
using Gache.Cluster.Calls.Wire;
using Gache.Primitives;
using Gache.Replication.Transport.Wire;
using Xunit;

namespace Gache.Cluster.Tests.Calls;

/// <summary>Bytes that nobody sane sends end their connection and nothing else.</summary>
public sealed class HostileTests
{
    private const int RefusedDialler = 320;
    private const int CutOff = 321;

    [Fact]
    public async Task Bad_frame_ends_its_connection_with_one_line_and_the_others_go_on()
    {
        await using var port = new Port(1);
        await using CallClient client = Calling.Client();
        await client.CallAsync(port.Address, CallKind.Forward, new byte[3]);
        byte[] bad = Frames.Request(2, new byte[20]);
        bad[^1] ^= 1;
        for (int i = 0; i < 5; i++)
        {
            using var dialler = new RawDialler(port.Address);
            dialler.Introduce(Calling.Me);
            dialler.Send([.. Frames.Request(1, new byte[4]), .. bad, .. Frames.Request(3, new byte[5])]);
            Calling.Until(dialler.IsClosed, "the connection is closed");
        }

        Assert.Contains("checksum", Assert.Single(port.Log.Lines, l => l.Event == CutOff).Line);
        Assert.Equal(5, port.Server.Counters.BadFrames);
        Assert.Equal(CallOutcome.Answered, (await client.CallAsync(port.Address, CallKind.Forward, new byte[3])).Outcome);
        Assert.Equal(6, port.Accepted); // the client's stands
        Assert.DoesNotContain(port.Arrived, a => a.Body.Length is 20 or 5); // nothing after a bad frame is believed
    }

    [Theory]
    [InlineData(1ul)]
    [InlineData(2ul)]
    public async Task Frame_that_is_sent_again_is_not_carried_out_again(ulong again)
    {
        await using var port = new Port(1);
        using var dialler = new RawDialler(port.Address);
        dialler.Introduce(Calling.Me);
        dialler.Send([.. Frames.Request(1, new byte[4]), .. Frames.Request(2, new byte[5]), .. Frames.Request(again, new byte[6])]);
        Calling.Until(dialler.IsClosed, "the connection is closed");
        Assert.Equal([4, 5], port.Arrived.Select(a => a.Body.Length));
    }

    [Fact]
    public async Task Over_long_frame_is_refused_by_its_head_alone()
    {
        await using var port = new Port(1);
        using var dialler = new RawDialler(port.Address);
        dialler.Introduce(Calling.Me);
        dialler.Send(Frames.Claiming(uint.MaxValue));
        Calling.Until(dialler.IsClosed, "the connection is closed");
        Assert.Equal(0, port.Server.HeldBytes);
        Assert.Contains("15 MiB", port.Log.Lines.Single(l => l.Event == CutOff).Line);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Frame_that_only_an_acceptor_sends_ends_the_connection(int type)
    {
        await using var port = new Port(1);
        using var dialler = new RawDialler(port.Address);
        dialler.Introduce(Calling.Me);
        dialler.Send(Frames.Of((FrameType)type, 1, new byte[3]));
        Calling.Until(dialler.IsClosed, "the connection is closed");
        Assert.Empty(port.Arrived);
    }

    [Fact]
    public async Task What_is_no_preamble_is_told_apart_in_words()
    {
        await using var port = new Port(1);
        byte[] flipped = new CallPreamble(Calling.Me, default).Encode();
        flipped[^1] ^= 4;
        var raft = new Preamble(ConnectionKind.Control, new(new NodeId(3), default, default, 1, "a:1", "a:2"), default);
        byte[] newer = PreambleEnvelope.Seal(CallPreamble.DiallerMagic, w =>
        {
            w.WriteUInt16(7);
            w.WriteUInt16(9);
            w.WriteText("whatever version 7 says here");
        });
        (byte[] Sent, string Said)[] strangers =
        [
            (Encoding.ASCII.GetBytes("GET /key/2 HTTP/1.1\r\nHost: localhost\r\n\r\n"), "does not speak"),
            (raft.Encode(), "raft"),
            (flipped, "checksum"),
            (newer, "versions 7 to 9"),
        ];
        foreach ((byte[] sent, string said) in strangers)
        {
            using var dialler = new RawDialler(port.Address);
            dialler.Send(sent);
            Calling.Until(dialler.IsClosed, "the connection is closed");
            Assert.Single(port.Log.Lines, l => l.Event == RefusedDialler && l.Line.Contains(said, StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Strangers_cannot_flood_the_log()
    {
        await using var port = new Port(1);
        for (uint i = 0; i < 200; i++)
        {
            using var dialler = new RawDialler(port.Address);
            dialler.Introduce(Calling.Me with { Node = new NodeId(10_000 + i), Cluster = new ClusterId(99) });
        }

        Assert.Equal(200, port.Server.Counters.RefusedConnections);
        Assert.InRange(port.Log.Lines.Count, 1, 30);
    }

    [Fact]
    public async Task Handler_that_throws_costs_its_connection_and_nothing_else()
    {
        await using var port = new Port(1);
        await using CallClient client = Calling.Client();
        port.Behaviour = (_, kind, body, answer) =>
        {
            if (kind == CallKind.Forward) throw new InvalidOperationException("a defect");
            answer(body);
        };
        Assert.Equal(CallOutcome.Unknown, (await client.CallAsync(port.Address, CallKind.Forward, new byte[3])).Outcome);
        Assert.Equal(CallOutcome.Answered, (await client.CallAsync(port.Address, CallKind.Admin, new byte[3])).Outcome);
        Assert.Contains(port.Log.Lines, l => l.Event == 323);
    }
}
