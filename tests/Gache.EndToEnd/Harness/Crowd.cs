using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Gache.EndToEnd.Harness;

/// <summary>Many clients that send at once, each over a connection of its own and without an HTTP client that would hold requests back.</summary>
internal sealed class Crowd : IDisposable
{
    private const int HeadBytes = 2_048;

    private readonly Socket[] sockets;
    private readonly ConcurrentBag<CrowdAnswer> answers = [];

    private Crowd(Socket[] sockets) => this.sockets = sockets;

    /// <summary>Connects them all.</summary>
    public static async Task<Crowd> ConnectAsync(int port, int count)
    {
        var crowd = new Crowd([.. Enumerable.Range(0, count).Select(_ => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true })]);
        await Parallel.ForEachAsync(crowd.sockets, new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (socket, cancel) => await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), cancel));
        return crowd;
    }

    /// <summary>How many have been answered.</summary>
    public int Answered => answers.Count;

    /// <summary>Each sends a POST of its own key (<c>crowd-N</c>) and waits for the answer.</summary>
    public async Task<IReadOnlyList<CrowdAnswer>> PostAsync(TimeSpan patience)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        end.CancelAfter(patience);
        await Task.WhenAll(sockets.Select((socket, number) => AskAsync(socket, number, end.Token)));
        return [.. answers];
    }

    public void Dispose()
    {
        foreach (Socket socket in sockets) socket.Dispose();
    }

    private async Task AskAsync(Socket socket, int number, CancellationToken cancel)
    {
        byte[] request = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"POST /key/crowd-{number} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nv"));
        await socket.SendAsync(request, cancel);
        byte[] answer = new byte[HeadBytes];
        int count = await socket.ReceiveAsync(answer, cancel);
        string text = Encoding.ASCII.GetString(answer, 0, count);
        answers.Add(new CrowdAnswer(number, text.Length > 12 ? int.Parse(text.AsSpan(9, 3), CultureInfo.InvariantCulture) : 0, text));
    }
}

/// <summary>What one of a crowd was answered.</summary>
/// <param name="Number">Which one: its key is <c>crowd-N</c>.</param>
/// <param name="Status">The status; 0 if the connection was closed.</param>
/// <param name="Text">Head and body as they came.</param>
internal sealed record CrowdAnswer(int Number, int Status, string Text);
