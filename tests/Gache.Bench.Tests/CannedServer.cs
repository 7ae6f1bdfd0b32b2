using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Gache.Bench.Tests;

/// <summary>A server of keys that answers as a test says; by default as a node of one does.</summary>
internal sealed class CannedServer : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly Dictionary<string, byte[]> values = [];
    private readonly Lock gate = new();
    private readonly Task accepting;
    private int asked;

    public CannedServer()
    {
        listener.Start(backlog: 256);
        Address = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");
        accepting = AcceptAsync();
    }

    public string Address { get; }

    /// <summary>Requests so far.</summary>
    public int Asked => Volatile.Read(ref asked);

    /// <summary>Decides instead, from method and key; null: as a node does.</summary>
    public Func<string, string, string?>? Instead { get; set; }

    /// <summary>Before each answer.</summary>
    public Func<Task>? Before { get; set; }

    /// <summary>Bytes that each write to the socket has, so that answers arrive cut.</summary>
    public int Piece { get; set; } = int.MaxValue;

    public static string Answer(string status, string body = "", string fields = "") =>
        string.Create(CultureInfo.InvariantCulture, $"HTTP/1.1 {status}\r\n{fields}Content-Length: {body.Length}\r\n\r\n{body}");

    public static string MovedTo(string address, string key) => Answer("307 Temporary Redirect", fields: $"Location: http://{address}{key}\r\n");

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        listener.Stop();
        await accepting;
        stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var serving = new List<Task>();
        try
        {
            while (true) serving.Add(ServeAsync(await listener.AcceptTcpClientAsync(stop.Token)));
        }
        catch (Exception over) when (over is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(serving);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                NetworkStream stream = client.GetStream();
                client.NoDelay = true;
                byte[] buffer = new byte[256 << 10];
                int length = 0;
                while (true)
                {
                    int head;
                    while ((head = buffer.AsSpan(0, length).IndexOf("\r\n\r\n"u8)) < 0) length += await MoreAsync(stream, buffer, length);
                    string[] lines = Encoding.ASCII.GetString(buffer, 0, head).Split("\r\n");
                    int body = lines.Where(line => line.StartsWith("Content-Length: ", StringComparison.Ordinal))
                        .Select(line => int.Parse(line["Content-Length: ".Length..], CultureInfo.InvariantCulture)).FirstOrDefault();
                    int end = head + 4 + body;
                    while (length < end) length += await MoreAsync(stream, buffer, length);
                    Interlocked.Increment(ref asked);
                    string[] words = lines[0].Split(' ');
                    byte[] answer = Encoding.ASCII.GetBytes(
                        Instead?.Invoke(words[0], words[1]) ?? AsANode(words[0], words[1], buffer.AsSpan((head + 4)..end).ToArray()));
                    if (Before is { } before) await before();
                    if (answer.Length == 0) return; // no answer: the connection ends
                    for (int at = 0; at < answer.Length; at += Piece < answer.Length ? Piece : answer.Length)
                    {
                        await stream.WriteAsync(answer.AsMemory(at, Math.Min(Piece, answer.Length - at)), stop.Token);
                        if (Piece < answer.Length) await Task.Yield();
                    }

                    buffer.AsSpan(end..length).CopyTo(buffer);
                    length -= end;
                }
            }
            catch (Exception over) when (over is IOException or OperationCanceledException or EndOfStreamException)
            {
                // the other side, or the test, has ended
            }
        }
    }

    private async Task<int> MoreAsync(NetworkStream stream, byte[] buffer, int length) =>
        await stream.ReadAsync(buffer.AsMemory(length), stop.Token) is var read and > 0 ? read : throw new EndOfStreamException();

    private string AsANode(string method, string key, byte[] body)
    {
        lock (gate)
        {
            if (method == "POST")
            {
                values[key] = body;
                return Answer("200 OK", fields: "ETag: \"1\"\r\n");
            }

            return values.TryGetValue(key, out byte[]? value) ? Answer("200 OK", Encoding.ASCII.GetString(value)) : Answer("404 Not Found", "{\"code\":\"key-not-found\"}");
        }
    }
}
